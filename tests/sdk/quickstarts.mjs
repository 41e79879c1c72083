/**
 * The programs of docs/quickstarts.md, as printed: each runs in a page with its SDK, against a demo. Only the port of the address differs, and
 * the UserSig, which a back end makes.
 */

import { readFile } from 'node:fs/promises';

import { openBrowser, serveApp } from './browser.mjs';
import { check, eventually, holds, within } from './check.mjs';
import { HOST, PNG, SCRIPT } from './mirrorfly_client.mjs';
import { Standin } from './standin.mjs';
import { CHAT, userSig } from './tencent_client.mjs';

/** The address in the document. */
const BASE = 'http://127.0.0.1:8080';

/** The credentials of every demo. */
const APP_ID = 'sdksample';
const SECRET = '2820ae9dfc5362f7f3a10381fb89afc7';

/** How long a program may take, in milliseconds. */
const PROGRAM_MS = 30_000;

/** The settings of the fixture that a demo has values of its own for. */
const OF_A_DEMO = Object.fromEntries(
  ['APP_ID', 'APP_SECRET', 'LICENSE_KEY', 'APP_PASSWORD'].map(name => [`STANDIN_${name}`, undefined]));

export async function run(binary) {
  const browser = await openBrowser();
  try {
    await qiscus(binary, browser);
    await mirrorfly(binary, browser);
    await tencent(binary, browser);
  } finally {
    await browser.close();
  }
}

/** The program of a section: its first block of JavaScript. */
async function program(section) {
  const document = await readFile(new URL('../../docs/quickstarts.md', import.meta.url), 'utf8');
  const text = document.split(`\n## ${section}\n`)[1].split('\n## ')[0];
  return text.match(/```js\n([^]*?)\n```/)[1];
}

/** Runs the program of a section in a page with `script`, and then `checks`; `names` are what the program takes as given. */
async function inPage({ binary, browser, section, script, variables = {}, host = '127.0.0.1', names = {} }, checks) {
  const server = await Standin.fresh(binary, { ...OF_A_DEMO, STANDIN_DEMO: 'true', ...variables });
  const app = await serveApp([script], host, { inline: '<input type="file">' });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', fault => faults.push(String(fault)));
    await page.goto(app.url);
    // A bundler would resolve the import; here the script has made the global of that name.
    const code = (await program(section)).replace(/^import .*\n/, '')
      .replaceAll(BASE, server.base).replaceAll(BASE.replace('http', 'ws'), server.base.replace('http', 'ws'));
    const start = () => page.evaluate(async ([code, names]) => {
      window.printed = [];
      const console = { log: (...values) => void window.printed.push(JSON.parse(JSON.stringify(values))) };
      const program = new (async () => {}).constructor('console', ...Object.keys(names), code);
      await program(console, ...Object.values(names));
    }, [code, names]);
    const printed = async (what, wanted = () => true) => eventually(`${section}: ${what}`, async () => {
      const lines = await page.evaluate(() => window.printed);
      return lines.find(([name, value]) => name === what && wanted(value))?.[1];
    });
    await checks({
      server,
      say: what => `${section}: ${what}`,
      start: () => within(`the program of ${section}`, start(), PROGRAM_MS),
      printed,
      reload: () => page.reload(),
      choose: () => page.setInputFiles('input', { name: 'one.png', mimeType: 'image/png', buffer: Buffer.from(PNG, 'base64') }),
    });
    check(`${section}: no fault in the page`, faults, []);
  } finally {
    await context.close();
    app.close();
    await server.close();
  }
}

/** A user as Qiscus' REST API shows it, undefined if there is none. */
async function profile(server, id) {
  const headers = { 'QISCUS-SDK-APP-ID': APP_ID, 'QISCUS-SDK-SECRET': SECRET };
  const answer = await server.call('GET', `/api/v2.1/rest/user_profile?user_id=${id}`, { headers });
  return answer.json.results?.user;
}

/** A file that the user chooses becomes the picture. */
async function upload({ server, say, choose }, id) {
  const { avatar_url: before } = await profile(server, id);
  await choose();
  const picture = await eventually(say('upload'), async () => {
    const { avatar_url: now } = await profile(server, id);
    return now === before ? undefined : now;
  });
  holds(say('a chosen file becomes the picture'), picture.includes('/pictures/upload/'), picture);
}

function qiscus(binary, browser) {
  const script = 'qiscus-sdk-core/dist/qiscus-sdk-core.min.js';
  return inPage({ binary, browser, section: 'Qiscus SDK', script }, async run => {
    const { server, say, start, printed } = run;
    await start();
    check(say('signed in'), (await printed('signed in')).email, 'grace@example.com');
    const { username, extras } = await profile(server, 'grace@example.com');
    check(say('the profile'), [username, extras], ['Grace Hopper', { team: 'Compilers' }]);
    await upload(run, 'grace@example.com');
    const changed = await printed('changed', user => user.username === 'Grace Hopper');
    check(say('the change arrives'), changed.email, 'grace@example.com');
  });
}

function mirrorfly(binary, browser) {
  const variables = { STANDIN_LISTEN: '127.0.0.1:80', STANDIN_PUBLIC_URL: `http://${HOST}` };
  return inPage({ binary, browser, section: 'MirrorFly SDK', script: SCRIPT, variables, host: 'localhost' }, async run => {
    const { say, start, printed, reload } = run;
    await start();
    check(say('signed in'), (await printed('signed in')).userId, 'user1');
    await printed('connection', status => status === 'CONNECTED');
    check(say('contacts'), (await printed('contacts')).map(({ userId }) => userId), ['user2']);
    check(say('the change arrives'), (await printed('changed', ({ email }) => email === 'user1@example.com')).userId, 'user1');
    await upload(run, 'user1');
    await reload();
    await start();
    check(say('after a reload: signed in'), (await printed('signed in')).email, 'user1@example.com');
  });
}

function tencent(binary, browser) {
  const names = { userSig: userSig('user1', { secret: SECRET }) };
  return inPage({ binary, browser, section: 'Tencent Cloud Chat SDK', script: CHAT.script, names }, async run => {
    const { server, say, start, printed, reload } = run;
    await eventually('the company of the demo', () => profile(server, 'amara.okafor'));
    await start();
    check(say('signed in'), (await printed('signed in')).userID, 'user1');
    const [changed] = await printed('changed');
    check(say('the change arrives'), [changed.userID, changed.avatar], ['user1', 'https://image.url/image.jpeg']);
    await printed('friends', friends => friends.some(({ userID }) => userID === 'amara.okafor'));
    await reload();
    await start();
    check(say('after a reload: signed in'), (await printed('signed in')).avatar, 'https://image.url/image.jpeg');
  });
}
