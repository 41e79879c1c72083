/**
 * Drives the vendors' published SDKs against the built server:
 *
 *     node tests/sdk/run.mjs target/debug/standin [suite...]
 *
 * One line for each check; the first wrong thing ends the run with exit code 1. Without a name every suite runs.
 */

import { checks } from './check.mjs';

/** Each exports `run(binary)`. */
const SUITES = ['quickstarts', 'qiscus', 'mirrorfly', 'tencent'];

async function main([binary, ...names]) {
  if (!binary) throw new Error('which binary? node run.mjs target/debug/standin [suite...]');
  for (const name of names.length > 0 ? names : SUITES) {
    if (!SUITES.includes(name)) throw new Error(`no suite ${name}; there are ${SUITES.join(', ')}`);
    console.log(`-- ${name}`);
    const { run } = await import(`./${name}.mjs`);
    await run(binary);
  }
  console.log(`${checks()} checks`);
}

main(process.argv.slice(2)).then(
  // The SDKs leave timers behind that would keep the process for ever.
  () => process.exit(0),
  reason => {
    console.error(reason?.stack ? `WRONG ${reason.stack}` : reason);
    process.exit(1);
  },
);
