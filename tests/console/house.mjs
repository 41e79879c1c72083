/**
 * Houses for the console's tests: a demo with its people, and one of one's own with an administrator.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../sdk/check.mjs';
import { Standin } from '../sdk/standin.mjs';

export const ADMIN_PASSWORD = 'a sentence that is easy to keep';

/** A port that nobody has: a house that is started again must be found where it was. */
function freePort() {
  return new Promise(found => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** A demo: signs in by itself, watches calls, has people. STANDIN_CONSOLE_AT names one that runs already. */
export async function demo(binary) {
  if (process.env.STANDIN_CONSOLE_AT) return { base: process.env.STANDIN_CONSOLE_AT, close: async () => {}, isBorrowed: true };
  return Standin.fresh(binary, { STANDIN_DEMO: 'true', STANDIN_LISTEN: `127.0.0.1:${await freePort()}` });
}

/** A house of one's own, where nobody can sign in until somebody is made. */
export const own = (binary, variables = {}) => Standin.fresh(binary, variables);

/** A house that was started on a terminal, for there alone it shows the `code` of its one-time link. */
export async function onTerminal(binary) {
  const folder = await mkdtemp(join(tmpdir(), 'standin-console-'));
  const port = await freePort();
  const env = { PATH: process.env.PATH, STANDIN_DATA: join(folder, 'data'), STANDIN_LISTEN: `127.0.0.1:${port}` };
  // `script` lends a terminal; the shell gives way to the server and so its number is the server's.
  const child = spawn('script', ['-qfec', `echo pid=$$; exec '${resolve(binary)}'`, '/dev/null'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise(end => child.once('exit', end));
  let said = '';
  child.stdout.on('data', text => (said += text));
  const code = await eventually('a one-time link on the terminal', () => said.match(/#setup=([\w-]+)/)?.[1]);
  const close = async () => {
    process.kill(Number(said.match(/pid=(\d+)/)[1]), 'SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { base: `http://127.0.0.1:${port}`, code, close };
}

/** Runs `work` in a house that is closed however it ends. */
export async function inside(opening, work) {
  const house = await opening;
  try {
    await work(house);
  } finally {
    await house.close();
  }
}
