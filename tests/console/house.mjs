/**
 * Houses for the console's tests: a demo with its people, and one of one's own with an administrator.
 */

import { Standin } from '../sdk/standin.mjs';

export const ADMIN = 'ada';
export const ADMIN_PASSWORD = 'a sentence that is easy to keep';

/** A demo: signs in by itself, watches calls, has people. STANDIN_CONSOLE_AT names one that runs already. */
export async function demo(binary) {
  if (process.env.STANDIN_CONSOLE_AT) return { base: process.env.STANDIN_CONSOLE_AT, close: async () => {}, isBorrowed: true };
  return Standin.fresh(binary, { STANDIN_DEMO: 'true', STANDIN_UPLOADS_PER_MINUTE: '1000' });
}

/** A house of one's own, where nobody can sign in until somebody is made. */
export const own = (binary, variables = {}) => Standin.fresh(binary, variables);

/** Runs `work` in a house that is closed however it ends. */
export async function inside(opening, work) {
  const house = await opening;
  try {
    await work(house);
  } finally {
    await house.close();
  }
}
