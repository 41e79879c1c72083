/**
 * Drives the console in a real browser against the built server:
 *
 *     node tests/console/run.mjs target/debug/standin [suite...]
 *     node tests/console/run.mjs target/debug/standin --screenshot docs/console.png
 *
 * One line for each check; the first wrong thing ends the run with exit code 1. Without a name every suite runs.
 */

import { checks } from '../sdk/check.mjs';
import { openBrowser } from './browser.mjs';
import { screenshot } from './screenshot.mjs';

/** Each exports `run(binary, browser)`. */
const SUITES = ['framing', 'entrance', 'connect', 'leaving', 'people', 'picture', 'panes', 'chats', 'inspector', 'running', 'documents', 'looks'];

async function main([binary, ...names]) {
  if (!binary) throw new Error('which binary? node run.mjs target/debug/standin [suite...]');
  const browser = await openBrowser();
  try {
    if (names[0] === '--screenshot') return await screenshot(binary, browser, names[1]);
    for (const name of names.length > 0 ? names : SUITES) {
      if (!SUITES.includes(name)) throw new Error(`no suite ${name}; there are ${SUITES.join(', ')}`);
      console.log(`-- ${name}`);
      const { run } = await import(`./${name}.mjs`);
      await run(binary, browser);
    }
  } finally {
    await browser.close();
  }
  console.log(`${checks()} checks`);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  reason => {
    console.error(reason?.stack ? `WRONG ${reason.stack}` : reason);
    process.exit(1);
  },
);
