/**
 * Checks: one line for each; the first wrong thing ends the run. Every wait has an end.
 */

import { isDeepStrictEqual } from 'node:util';

/** How long something may take that is to happen, in milliseconds. */
const WAIT_MS = 15_000;

/** How long something is watched for that is not to happen, in milliseconds. */
const SILENCE_MS = 2_500;

/** What a run ends with when something is not as it must be. */
export class Wrong extends Error {}

let passed = 0;

/** How many checks have passed so far. */
export const checks = () => passed;

const pass = what => {
  passed += 1;
  console.log(`ok    ${what}`);
};

const shown = value => (value === undefined ? 'undefined' : JSON.stringify(value));

/** `seen` must equal `expected`, to the last key. */
export function check(what, seen, expected) {
  if (!isDeepStrictEqual(seen, expected)) {
    throw new Wrong(`${what}: ${shown(seen)} instead of ${shown(expected)}`);
  }
  pass(what);
}

/** `seen` must be true; `beside` is shown when it is not. */
export function holds(what, seen, beside) {
  if (seen !== true) throw new Wrong(`${what}: does not hold, beside ${shown(beside)}`);
  pass(what);
}

/** What `promised` comes to within the wait. */
export async function within(what, promised, waitMs = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Wrong(`${what}: nothing after ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([promised, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why `promised` was refused; one that is not refused is wrong. */
export async function refusal(what, promised) {
  let kept;
  try {
    kept = await within(what, promised);
  } catch (reason) {
    if (reason instanceof Wrong) throw reason;
    return reason;
  }
  throw new Wrong(`${what}: not refused, but ${shown(kept)}`);
}

/** What `look` sees as soon as it sees anything but undefined. Asked again every few milliseconds. */
export async function eventually(what, look, waitMs = WAIT_MS) {
  const end = Date.now() + waitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Wrong(`${what}: nothing after ${waitMs} ms`);
    await pause(10);
  }
}

/** `look` must see nothing but undefined for a while. */
export async function never(what, look, waitMs = SILENCE_MS) {
  const end = Date.now() + waitMs;
  while (Date.now() < end) {
    const seen = await look();
    if (seen !== undefined) throw new Wrong(`${what}: ${shown(seen)}`);
    await pause(50);
  }
  pass(what);
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
