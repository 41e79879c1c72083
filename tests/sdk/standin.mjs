/**
 * The built server as a fixture: with a data folder of its own, nothing of this machine's settings around it, on loopback,
 * stopped by its process id however a run ends.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const APP_ID = 'houseapp';
export const SECRET = '0123456789abcdef0123456789abcdef';
export const LICENSE_KEY = 'LICENSEKEY0123456789abcd';
export const ACCOUNT = 'administrator';
export const ACCOUNT_PASSWORD = 'correct horse battery staple';

const START_WAIT_MS = 20_000;
const STOP_WAIT_MS = 10_000;

/** Servers that run, so that none outlives a run that is broken off. */
const running = new Set();

process.on('exit', () => running.forEach(child => child.kill('SIGKILL')));

/**
 * A running server.
 *
 * `base` is the address it listens on first, without a slash at its end; `log` everything it has printed so far.
 */
export class Standin {
  #binary;
  #folder;
  #variables;
  #child;

  base;
  log = '';

  /** Where `call` goes instead of `base`: what stands between records it. */
  via;

  /** A server on a new folder; `variables` (STANDIN_*) beside the fixture's own. */
  static async fresh(binary, variables = {}) {
    const standin = new Standin();
    standin.#binary = resolve(binary);
    standin.#folder = await mkdtemp(join(tmpdir(), 'standin-sdk-'));
    standin.#variables = {
      STANDIN_DATA: join(standin.#folder, 'data'),
      STANDIN_LISTEN: '127.0.0.1:0',
      STANDIN_APP_ID: APP_ID,
      STANDIN_APP_SECRET: SECRET,
      STANDIN_LICENSE_KEY: LICENSE_KEY,
      STANDIN_APP_PASSWORD: ACCOUNT_PASSWORD,
      // The runs upload more in a minute than a user does.
      STANDIN_UPLOADS_PER_MINUTE: '1000',
      ...variables,
    };
    await standin.start();
    return standin;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Starts it, or starts it again on the same folder. */
  async start() {
    const child = spawn(this.#binary, [], {
      env: this.#variables,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    running.add(child);
    this.base = await new Promise((found, lost) => {
      const timer = setTimeout(() => lost(new Error(`no address after ${START_WAIT_MS} ms: ${this.log}`)), START_WAIT_MS);
      child.once('exit', code => lost(new Error(`the server ended with ${code}: ${this.log}`)));
      createInterface({ input: child.stdout }).on('line', line => {
        this.log += `${line}\n`;
        const address = line.match(/listening on (\S+)/);
        if (address) {
          clearTimeout(timer);
          found(address[1]);
        }
      });
    });
  }

  /** Stops it as an operator does, and waits for its end. The folder stays. */
  async halt() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(end => child.once('exit', end));
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
    running.delete(child);
  }

  /** Stops it and removes its folder. */
  async close() {
    await this.halt();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A command of the same binary on this folder, such as `app set`; what it printed. */
  async command(...words) {
    const child = spawn(this.#binary, words, { env: this.#variables, cwd: this.#folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', text => (said += text));
    const code = await new Promise(end => child.once('exit', end));
    if (code !== 0) throw new Error(`standin ${words.join(' ')} ended with ${code}`);
    return said;
  }

  /** A call; the status and the JSON of its answer. */
  async call(method, path, { headers = {}, body } = {}) {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch((this.via ?? this.base) + path, {
      method,
      headers: { ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  }

  /** A call of Qiscus' REST API v2.1 with the app's id and secret. */
  qiscusRest(method, call, body) {
    const headers = { 'QISCUS-SDK-APP-ID': APP_ID, 'QISCUS-SDK-SECRET': SECRET };
    return this.call(method, `/api/v2.1/rest/${call}`, { headers, body });
  }

  /** A call of MirrorFly's REST API, below /api/v1/, with a token. */
  mirrorflyRest(token, method, call, body) {
    return this.call(method, `/api/v1/${call}`, { headers: { Authorization: token }, body });
  }

  /** A token of MirrorFly's back-end account. */
  async backEndToken() {
    const body = { username: ACCOUNT, password: ACCOUNT_PASSWORD };
    return (await this.call('POST', '/api/v1/login', { body })).json.data.token;
  }
}
