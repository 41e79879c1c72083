/**
 * What the suites of mirrorfly-sdk share: the four ways in which an app reaches the server, and a browser with the SDK in it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openBrowser, serveApp } from './browser.mjs';
import { within } from './check.mjs';
import { LICENSE_KEY, Standin } from './standin.mjs';

export const SCRIPT = 'mirrorfly-sdk/build/index.js';

/** What Chromium resolves to this machine by itself, and the SDK takes for a name. */
export const HOST = 'standin.localhost';

/** The smallest PNG there is: one pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

export const URL = 'https://pictures.example.com/a.png';

/**
 * How a laptop does it: no certificate, no hosts entry, no flag of the browser. README's recipe: the SDK learns its features from the answer to
 * `register`, and only then where the plain socket is (`socket`); given that at first, it skips the features.
 */
export const TRIAL = {
  name: 'trial',
  base: `http://${HOST}`,
  variables: { STANDIN_LISTEN: '127.0.0.1:80' },
  options: { apiBaseUrl: `http://${HOST}/api/v1` },
  socket: { xmppSocketHost: HOST, xmppSocketPort: 80, ssl: false },
};

/** How a server behind a name does it. The certificate is self-signed, so the browser is started without certificate checks. */
export const LIVE = {
  name: 'live',
  base: `https://${HOST}`,
  variables: { STANDIN_LISTEN: '127.0.0.1:80,https://127.0.0.1:443' },
  options: { apiBaseUrl: `https://${HOST}/api/v1`, isTrialLicenseKey: false },
};

/** Trial and live, each over plain HTTP and over TLS. */
export const MODES = [
  TRIAL,
  LIVE,
  { ...LIVE, name: 'trial over TLS', options: { apiBaseUrl: LIVE.options.apiBaseUrl } },
  { ...TRIAL, name: 'live over plain HTTP', options: { ...TRIAL.options, isTrialLicenseKey: false } },
];

/**
 * Runs `scenario` against a fresh server in a mode. `open` makes a person's browser with the SDK in it, each one a fresh context; `reopen` does so
 * for a person who has registered before, and does not again.
 */
export async function served(binary, mode, scenario, script = SCRIPT) {
  const folder = await mkdtemp(join(tmpdir(), 'standin-tls-'));
  const [certificate, key] = ['cert.pem', 'key.pem'].map(name => join(folder, name));
  const tls = isTls(mode) ? { STANDIN_TLS_CERTIFICATE: certificate, STANDIN_TLS_KEY: key } : {};
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`, '-keyout', key, '-out', certificate,
  ], { stdio: 'ignore' });
  const standin = await Standin.fresh(binary, {
    ...mode.variables, ...tls, STANDIN_PUBLIC_URL: mode.base, STANDIN_APP_REGISTRATION: 'open',
  });
  const app = await serveApp([script], 'localhost');
  const browser = await openBrowser();
  try {
    await scenario({ standin, open: () => client(browser, app, mode), reopen: () => client(browser, app, mode, true) });
  } finally {
    await browser.close();
    app.close();
    await standin.close();
    await rm(folder, { recursive: true });
  }
}

const isTls = mode => mode.base.startsWith('https:');

/** A person's browser with the SDK in it. */
export async function client(browser, app, mode, isRegistered = false) {
  const context = await browser.newContext({ ignoreHTTPSErrors: isTls(mode) });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', fault => faults.push(String(fault)));
  let token;
  page.on('request', request => (token = request.headers().authorization ?? token));
  const load = async () => {
    await page.goto(app.url);
    return initialise(page, isRegistered ? { ...mode.options, ...mode.socket } : mode.options);
  };
  const initialised = await load();
  const call = (name, ...args) =>
    within(name, page.evaluate(([name, args]) => window.MirrorFly[name](...args), [name, args]));
  return {
    page,
    faults,
    initialised,
    /** The token that the SDK sent last. */
    token: () => token,
    /** A call of the SDK, by its name. */
    call: async (name, ...args) => {
      const answer = await call(name, ...args);
      if (name === 'register' && mode.socket) await initialise(page, { ...mode.options, ...mode.socket });
      return answer;
    },
    /** What a listener has received so far. */
    heard: name => page.evaluate(name => window.heard.filter(heard => heard.name === name).map(heard => heard.value), name),
    /** When a listener last received anything, by the clock of this machine. */
    heardAt: name => page.evaluate(name => window.heard.filter(heard => heard.name === name).at(-1)?.at, name),
    forget: () => page.evaluate(() => void (window.heard = [])),
  };
}

export function initialise(page, options) {
  return page.evaluate(([licenseKey, options]) => {
    window.heard = [];
    const names = [
      'connectionListener', 'userProfileListener', 'friendsListListener', 'messageListener', 'presenceListener', 'blockUserListener',
      'editMessageListener', 'muteChatListener', 'archiveChatListener', 'userSettingsListener',
    ];
    const callbackListeners = Object.fromEntries(
      names.map(name => [name, value => void window.heard.push({ name, value, at: Date.now() })]));
    return window.MirrorFly.initializeSDK({ licenseKey, callbackListeners, ...options });
  }, [LICENSE_KEY, options]);
}
