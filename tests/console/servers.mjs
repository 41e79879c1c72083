/**
 * Servers for the console's tests: a demo with its users, and an own one with an administrator.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../sdk/check.mjs';
import { Standin } from '../sdk/standin.mjs';

export const ADMIN_PASSWORD = 'a sentence that is easy to keep';

/** An unused port: a restarted server must have the same address. */
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

/** An own server, without an administrator at first. */
export const own = (binary, variables = {}) => Standin.fresh(binary, variables);

/** A server started on a terminal, where it prints the `code` of its one-time link. */
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

/** Runs `work` with a server that is closed at the end, also after an error. */
export async function inside(opening, work) {
  const standin = await opening;
  try {
    await work(standin);
  } finally {
    await standin.close();
  }
}
