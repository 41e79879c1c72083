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
    await qiscusChat(binary, browser);
    await mirrorflyChat(binary, browser);
    await tencentChat(binary, browser);
  } finally {
    await browser.close();
  }
}

/** The program of a section or of a part of one: its first block of JavaScript. */
async function program(section) {
  const document = await readFile(new URL('../../docs/quickstarts.md', import.meta.url), 'utf8');
  const text = document.split(new RegExp(`\\n###? ${section}\\n`))[1].split('\n## ')[0];
  return text.match(/```js\n([^]*?)\n```/)[1];
}

/** A program with two names exchanged, as the other user runs it. */
const exchanged = (code, [one, other]) => code.replaceAll(one, '\0').replaceAll(other, one).replaceAll('\0', other);

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
    const code = ofServer(await program(section), server);
    const start = () => runIn(page, code, names);
    const printed = (what, wanted) => printedBy(page, section, what, wanted);
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

/**
 * Runs the program of a section, which is a chat of two users, in pages of both, and then `checks` with what each page prints. Both run it
 * twice: the second run begins with the history. `namesOf` is what the program takes as given, by user.
 */
async function inTwoPages({ binary, browser, section, script, users, variables = {}, host = '127.0.0.1', namesOf = () => ({}) }, checks) {
  const server = await Standin.fresh(binary, { ...OF_A_DEMO, STANDIN_DEMO: 'true', ...variables });
  const app = await serveApp([script], host);
  const [one, other] = [await browser.newContext(), await browser.newContext()];
  const faults = [];
  const open = async (context, user, exchange) => {
    const page = await context.newPage();
    page.on('pageerror', fault => faults.push(String(fault)));
    await page.goto(app.url);
    const code = ofServer(exchange(await program(section)), server);
    await within(`the program of ${section}`, runIn(page, code, namesOf(user)), PROGRAM_MS);
    return { printed: (what, wanted) => printedBy(page, section, what, wanted), close: () => page.close() };
  };
  const openOne = () => open(one, users[0], code => code);
  const openOther = () => open(other, users[1], code => exchanged(code, users));
  try {
    await checks({ server, say: what => `${section}: ${what}`, openOne, openOther });
    check(`${section}: no fault in the pages`, faults, []);
  } finally {
    for (const context of [one, other]) await context.close();
    app.close();
    await server.close();
  }
}

/** A program with the addresses of a server. A bundler would resolve the import; here the script has made the global of that name. */
const ofServer = (code, server) => code.replace(/^import .*\n/, '')
  .replaceAll(BASE, server.base).replaceAll(BASE.replace('http', 'ws'), server.base.replace('http', 'ws'));

/** Runs a program in a page, which keeps what the program prints. */
const runIn = (page, code, names) => page.evaluate(async ([code, names]) => {
  window.printed = [];
  const console = { log: (...values) => void window.printed.push(JSON.parse(JSON.stringify(values))) };
  const program = new (async () => {}).constructor('console', ...Object.keys(names), code);
  await program(console, ...Object.values(names));
}, [code, names]);

/** What a program has printed behind `what`, once it has. */
const printedBy = (page, section, what, wanted = () => true) => eventually(`${section}: ${what}`, async () => {
  const lines = await page.evaluate(() => window.printed);
  return lines.find(([name, value]) => name === what && wanted(value))?.[1];
});

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

function qiscusChat(binary, browser) {
  const section = "One-to-one chat with Qiscus' SDK";
  const script = 'qiscus-sdk-core/dist/qiscus-sdk-core.min.js';
  const users = ['grace@example.com', 'guest@qiscus.com'];
  return inTwoPages({ binary, browser, section, script, users }, async run => {
    const { server, say, openOne, openOther } = run;
    const headers = { 'QISCUS-SDK-APP-ID': APP_ID, 'QISCUS-SDK-SECRET': SECRET };
    const body = { user_id: users[1], username: 'Grace', password: 'a key of hers' };
    await server.call('POST', '/api/v2.1/rest/login_or_register', { headers, body });
    const one = await openOne();
    check(say('no message at first'), [await one.printed('rooms'), await one.printed('history')], [[], []]);
    const other = await openOther();
    check(say('unread'), await other.printed('rooms'), [['Grace', 1]]);
    check(say('history'), await other.printed('history'), ['grace@example.com: Hello']);
    await one.printed('received', line => line === 'guest@qiscus.com: Hello');
    await one.printed('read');
    await other.printed('read');
    await one.close();
    const again = await openOne();
    const both = ['grace@example.com: Hello', 'guest@qiscus.com: Hello'];
    check(say('history after a reload'), await again.printed('history'), both);
    check(say('nothing unread after a reload'), await again.printed('rooms'), [['Grace', 0]]);
  });
}

function mirrorflyChat(binary, browser) {
  const section = "One-to-one chat with MirrorFly's SDK";
  const variables = { STANDIN_LISTEN: '127.0.0.1:80', STANDIN_PUBLIC_URL: `http://${HOST}` };
  return inTwoPages({ binary, browser, section, script: SCRIPT, variables, host: 'localhost', users: ['user1', 'user2'] }, async run => {
    const { say, openOne, openOther } = run;
    const one = await openOne();
    check(say('no chat at first'), [await one.printed('chats'), await one.printed('history')], [[], []]);
    await one.printed('acknowledge');
    const other = await openOther();
    check(say('unread'), await other.printed('chats'), [['user1', 1]]);
    check(say('history'), await other.printed('history'), ['user1: Hello']);
    check(say('received'), await one.printed('received'), 'user2: Hello');
    await one.printed('delivered');
    await other.printed('seen');
    await one.close();
    const again = await openOne();
    check(say('history after a reload'), await again.printed('history'), ['user1: Hello', 'user2: Hello']);
    check(say('nothing unread after a reload'), await again.printed('chats'), [['user2', 0]]);
  });
}

function tencentChat(binary, browser) {
  const section = "One-to-one chat with Tencent's SDK";
  const namesOf = user => ({ userSig: userSig(user, { secret: SECRET }) });
  return inTwoPages({ binary, browser, section, script: CHAT.script, namesOf, users: ['user1', 'user2'] }, async run => {
    const { say, openOne, openOther } = run;
    const one = await openOne();
    check(say('no message at first'), await one.printed('history'), []);
    const other = await openOther();
    await other.printed('conversations', ([first]) => first?.[0] === 'C2Cuser1' && first[1] === 1);
    check(say('history'), await other.printed('history'), ['user1: Hello']);
    check(say('received'), await one.printed('received'), 'user2: Hello');
    check(say('read'), await other.printed('read'), ['user2: Hello']);
    await one.close();
    const again = await openOne();
    check(say('history after a reload'), await again.printed('history'), ['user1: Hello', 'user2: Hello']);
    check(say('nothing unread after a reload'), await again.printed('conversations', ({ length }) => length > 0), [['C2Cuser2', 0]]);
  });
}
