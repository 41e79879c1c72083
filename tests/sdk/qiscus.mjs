/**
 * The package qiscus-sdk-core against the built server: in Node, and in a page of another origin.
 */

import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openBrowser, serveApp } from './browser.mjs';
import { check, eventually, holds, never, pause, Wrong } from './check.mjs';
import { chat, recordedChat } from './qiscus_chat.mjs';
import { clients } from './qiscus_clients.mjs';
import { makeDriver } from './qiscus_driver.mjs';
import { recorder } from './record.mjs';
import { APP_ID, SECRET, Standin } from './standin.mjs';

const SCRIPT = 'qiscus-sdk-core/dist/qiscus-sdk-core.min.js';

/** The smallest PNG there is: one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

/** The shortest life a token may have, in seconds. */
const LIFE_S = 60;

export async function run(binary) {
  await everyCall(binary, 'node', inNode);
  await everyCall(binary, 'page', inPage);
  await recordedChat(binary, 'node', inNode);
  if (process.env.RECORD) return;
  await chat(binary, 'node', inNode);
  await chat(binary, 'page', inPage);
  await clients(binary);
  await expiry(binary);
}

/** Each platform hands out clients: `open(base, options)`, and ends with `close()`. */
async function inNode() {
  const driver = makeDriver(createRequire(import.meta.url)('qiscus-sdk-core'));
  const folder = await mkdtemp(join(tmpdir(), 'standin-files-'));
  return {
    name: 'node',
    open: async options => client(await driver.open(options), (verb, ...args) => driver[verb](...args)),
    async file(name, bytes) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    },
    close: () => rm(folder, { recursive: true }),
  };
}

async function inPage() {
  const app = await serveApp([SCRIPT]);
  const browser = await openBrowser();
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', fault => faults.push(String(fault)));
  // A page's console shows a red line for each socket that does not open.
  page.on('console', line => {
    if (line.type() === 'error' && line.text().includes('WebSocket')) faults.push(line.text());
  });
  await page.goto(app.url);
  await page.addScriptTag({ content: `window.driver = (${makeDriver})(window.QiscusSDKCore)` });
  const call = (verb, ...args) => page.evaluate(([verb, args]) => window.driver[verb](...args), [verb, args]);
  const upload = (at, file) =>
    page.evaluate(([at, { name, base64 }]) => {
      const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
      return window.driver.upload(at, new File([bytes], name));
    }, [at, file]);
  return {
    name: 'page',
    open: async options =>
      client(await call('open', options), (verb, ...args) => (verb === 'upload' ? upload(...args) : call(verb, ...args))),
    file: async (name, bytes) => ({ name, base64: bytes.toString('base64') }),
    async close() {
      check('page: no error went uncaught', faults, []);
      await browser.close();
      app.close();
    },
  };
}

/** A client whose calls answer what the SDK resolves to; `refused` answers why it rejects. */
function client(at, verb) {
  const outcome = async (method, args) => verb('call', at, method, args);
  return {
    async call(method, ...args) {
      const { kept, refused } = await outcome(method, args);
      if (refused) throw new Wrong(`${method} is refused: ${JSON.stringify(refused)}`);
      return kept;
    },
    async refused(method, ...args) {
      const { kept, refused } = await outcome(method, args);
      if (!refused) throw new Wrong(`${method} is not refused: ${JSON.stringify(kept)}`);
      return refused;
    },
    upload: file => verb('upload', at, file),
    look: property => verb('look', at, property),
    heard: callback => verb('heard', at, callback),
  };
}

const said = ({ status, body }) => [status, body?.error?.code, body?.error?.message];

async function everyCall(binary, name, platform) {
  const server = await Standin.fresh(binary);
  const recording = await recorder(server.base);
  server.via = recording.base;
  const place = await platform();
  try {
    const world = { server, place, base: recording.base, say: what => `${name}: ${what}` };
    world.open = (options = {}) => place.open({ AppId: APP_ID, baseURL: recording.base, ...options });
    const ada = await entry(world);
    await profile(world, ada);
    await pictures(world, ada);
    await people(world, ada);
    await devices(world, ada);
    // Not replayed: a nonce is good in one run, and commands and contacts are not this vendor's.
    recording.pause();
    await closed(world);
    await identity(world);
    await changes(world, ada);
    recording.resume();
    await departure(world, ada);
    await recording.save(`qiscus-${name}`);
  } finally {
    await place.close();
    await recording.close();
    await server.close();
  }
}

async function entry(world) {
  const { say, server } = world;
  const ada = await world.open();
  const broker = `${server.base.replace('http', 'ws')}/mqtt?x=wss://`;
  check(say('init keeps away from the vendor\'s realtime server'), await ada.look('mqttURL'), broker);
  check(say('init leaves the base alone'), await ada.look('baseURL'), world.base);

  const { user } = await ada.call('setUser', 'ada', 'key', 'Ada', null, { role: 'owner' });
  check(say('setUser makes a user'), [user.email, user.username, user.extras, user.active], ['ada', 'Ada', { role: 'owner' }, true]);
  holds(say('setUser shows a picture'), user.avatar_url.startsWith(`${server.base}/pictures/upload/`), user);
  const { token, refresh_token, token_expires_at } = user;
  check(say('setUser: a token that never expires'), [typeof token, refresh_token, token_expires_at], ['string', undefined, undefined]);
  check(say('setUser: the app is notified'), (await ada.heard('loginSuccessCallback')).length, 1);

  const again = await world.open();
  const { user: same } = await again.call('setUser', 'ada', 'key');
  const { last_comment_id, last_comment_id_str } = same;
  check(say('setUser again: the same user, nothing of it lost'), same, { ...user, last_comment_id, last_comment_id_str });

  const wrong = await world.open();
  check(say('setUser with a wrong key'), said(await wrong.refused('setUser', 'ada', 'wrong', 'Eve')), [401, 401306, 'wrong password']);
  check(say('setUser with a wrong key: the app is notified'), (await wrong.heard('loginErrorCallback')).length, 1);
  check(say('setUser without a key'), (await wrong.refused('setUser', 'eve')).status, 400);
  check(say('setUser with a strange id'), (await wrong.refused('setUser', 'e v e', 'key')).status, 400);
  check(say('a wrong key changed nothing'), (await ada.call('getUserProfile')).username, 'Ada');

  const stranger = await world.open({ AppId: 'nobodys' });
  check(say('init of an unknown app keeps away, too'), await stranger.look('mqttURL'), broker);
  check(say('setUser in an unknown app'), said(await stranger.refused('setUser', 'ada', 'key')), [401, 401303, 'Application not found']);

  await server.qiscusRest('POST', 'login_or_register', { user_id: 'sue', username: 'Sue', password: 'key' });
  await server.qiscusRest('DELETE', 'deactivate_users', { user_ids: ['sue'] });
  check(say('setUser of a deactivated user'), said(await wrong.refused('setUser', 'sue', 'key')), [403, 401300, 'User is suspended']);
  return ada;
}

async function closed({ open, say, server }) {
  await server.command('app', 'set', '--registration', 'closed');
  const eve = await open();
  check(say('setUser of a new id in a closed app'), said(await eve.refused('setUser', 'eve', 'key')), [401, 401306, 'wrong password']);
  await server.command('app', 'set', '--registration', 'new');
}

/** A token as the app's back end makes it. */
function identityToken(claims, secret = SECRET) {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
  const message = `${part({ alg: 'HS256', typ: 'JWT', ver: 'v2' })}.${part(claims)}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

async function identity(world) {
  const { say } = world;
  const jo = await world.open();
  const { nonce, expired_at } = await jo.call('getNonce');
  const now = Math.floor(Date.now() / 1000);
  check(say('getNonce: 40 characters'), nonce.length, 40);
  holds(say('getNonce: good for ten minutes'), Math.abs(expired_at - now - 600) < 5, expired_at);

  const claims = { iss: APP_ID, iat: now, nbf: now, exp: now + 120, nce: nonce, prn: 'jo', name: 'Jo', avatar_url: '' };
  const foreign = await jo.refused('verifyIdentityToken', identityToken(claims, 'another secret'));
  check(say('verifyIdentityToken: another secret'), foreign.status, 401);
  const late = await jo.refused('verifyIdentityToken', identityToken({ ...claims, exp: now - 120 }));
  check(say('verifyIdentityToken: expired'), late.status, 401);
  const verified = await jo.call('verifyIdentityToken', identityToken(claims));
  check(say('verifyIdentityToken makes a user'), [verified.user.email, verified.user.username], ['jo', 'Jo']);
  check(say('verifyIdentityToken: a nonce is for one use'), (await jo.refused('verifyIdentityToken', identityToken(claims))).status, 401);

  await jo.call('setUserWithIdentityToken', verified);
  await eventually(say('setUserWithIdentityToken'), async () => (await jo.look('isLogin')) || undefined);
  check(say('setUserWithIdentityToken logs in'), (await jo.call('getUserProfile')).email, 'jo');
}

async function profile({ say, server }, ada) {
  const address = 'https://image.url/image.jpg';
  const changed = await ada.call('updateProfile', { name: 'Ada L.', avatar_url: address, extras: { role: 'guest' } });
  check(say('updateProfile'), [changed.username, changed.avatar_url, changed.extras], ['Ada L.', address, { role: 'guest' }]);
  check(say('updateProfile: the app is notified'), (await ada.heard('updateProfileCallback')).length, 1);
  const named = await ada.call('updateProfile', { name: 'Ada' });
  check(say('updateProfile of one field leaves the others'), [named.username, named.avatar_url, named.extras], ['Ada', address, { role: 'guest' }]);
  const shown = await ada.call('getUserProfile');
  check(say('getUserProfile'), [shown.email, shown.username, shown.avatar_url, shown.extras], ['ada', 'Ada', address, { role: 'guest' }]);
  check(say('the client keeps its token'), shown.token, (await ada.look('userData')).token);
  const rest = (await server.qiscusRest('GET', 'user_profile?user_id=ada')).json.results.user;
  check(say('the back end sees the same'), [rest.username, rest.avatar_url, rest.extras], ['Ada', address, { role: 'guest' }]);
  // The SDK swallows the error: the app learns of it by getting nothing.
  check(say('updateProfile refused'), await ada.call('updateProfile', { name: 'x'.repeat(256) }), null);
  check(say('updateProfile refused changes nothing'), (await ada.call('getUserProfile')).username, 'Ada');
}

async function pictures({ say, place }, ada) {
  const { kept: url } = await ada.upload(await place.file('one.png', PNG));
  const picture = await fetch(url);
  check(say('upload'), [picture.status, picture.headers.get('content-type')], [200, 'image/png']);
  const changed = await ada.call('updateProfile', { avatar_url: url });
  check(say('an upload becomes the picture'), changed.avatar_url, url);
  for (const method of ['getThumbnailURL', 'getBlurryThumbnailURL']) {
    const thumbnail = await ada.call(method, url);
    holds(say(`${method}: an address of its own`), thumbnail !== url, thumbnail);
    check(say(`${method} leads to a picture`), (await fetch(thumbnail)).status, 200);
  }
  const { refused } = await ada.upload(await place.file('one.txt', Buffer.from('no picture')));
  check(say('upload of what is no picture'), [refused.status, refused.body?.error.message], [400, 'Validation error']);
}

async function people(world, ada) {
  const { say } = world;
  const bob = await world.open();
  await bob.call('setUser', 'bob', 'key', 'Bob');
  const blocked = await ada.call('blockUser', 'bob');
  check(say('blockUser'), [blocked.email, blocked.username, blocked.token], ['bob', 'Bob', undefined]);
  check(say('blockUser: the app is notified'), (await ada.heard('blockUserCallback')).length, 1);
  check(say('getBlockedUser'), (await ada.call('getBlockedUser')).map(user => user.email), ['bob']);
  check(say('getBlockedUser, a page further'), await ada.call('getBlockedUser', 2, 20), []);
  check(say('unblockUser'), (await ada.call('unblockUser', 'bob')).email, 'bob');
  check(say('unblockUser: the app is notified'), (await ada.heard('unblockUserCallback')).length, 1);
  check(say('getBlockedUser without blocked users'), await ada.call('getBlockedUser'), []);
  check(say('blockUser of an unknown user'), said(await ada.refused('blockUser', 'nobody')), [404, undefined, 'User not found']);
  check(say('blockUser of oneself'), (await ada.refused('blockUser', 'ada')).status, 400);
  check(say('blockUser without an id'), (await ada.refused('blockUser', '')).message, 'email is required');

  const now = Date.now() / 1000;
  const presences = await ada.call('getUserPresences', ['bob', 'sue', 'nobody']);
  check(say('getUserPresences'), presences.map(({ email, status }) => [email, status]), [['bob', 1], ['sue', 0]]);
  holds(say('getUserPresences: just now'), Math.abs(presences[0].timestamp - now) < 30, presences);
  check(say('getUserPresences of no user'), await ada.call('getUserPresences', []), []);

  // A defect of 2.16.9: the call is sent, and then the SDK trips over its own code.
  holds(say('getUsers is broken in the package itself'), (await ada.refused('getUsers')).message.includes('is not a function'));
}

async function devices({ say }, ada) {
  const kept = await ada.call('registerDeviceToken', 'a-push-token', true);
  check(say('registerDeviceToken'), kept, { changed: true, pn_android_configured: false, pn_ios_configured: false });
  check(say('registerDeviceToken of an Android telephone'), (await ada.call('registerDeviceToken', 'other', false, 'android')).changed, true);
  check(say('registerDeviceToken of a typewriter'), (await ada.refused('registerDeviceToken', 'other', false, 'typewriter')).status, 400);
  check(say('registerDeviceToken without a token'), (await ada.refused('registerDeviceToken', '')).status, 400);
  check(say('removeDeviceToken'), await ada.call('removeDeviceToken', 'a-push-token'), { success: true });
  check(say('loadRoomList: no rooms'), await ada.call('loadRoomList', { page: 1, limit: 20 }), []);
  check(say('getTotalUnreadCount'), await ada.call('getTotalUnreadCount'), 0);
  check(say('getRoomUnreadCount'), await ada.call('getRoomUnreadCount'), 0);
  check(say('addParticipantsToGroup is refused'), said(await ada.refused('addParticipantsToGroup', 1, ['bob'])), [400, undefined, 'Validation error']);
}

/** A contact's change reaches the clients of users that list it and of the user itself, and no other. */
async function changes(world, ada) {
  const { say, server } = world;
  const eve = await world.open();
  await eve.call('setUser', 'eve', 'key', 'Eve');
  const body = { username: 'ada', password: 'key' };
  const { token } = (await server.call('POST', '/api/v1/login', { body })).json.data;
  const contacts = { addContacts: [{ mobileNumber: 'bob' }], deleteContacts: [], contactPermission: true, forceDelete: false };
  check(say('ada lists bob'), (await server.mirrorflyRest(token, 'POST', 'contacts/syncContactsNew', contacts)).json.status, 200);

  await server.qiscusRest('POST', 'login_or_register', { user_id: 'bob', username: 'Robert', password: 'key' });
  const messages = await eventually(say('a friend\'s change'), async () => {
    const heard = (await ada.heard('newMessagesCallback')).flat().filter(({ email }) => email === 'bob');
    return heard.length > 0 ? heard : undefined;
  });
  check(say('a friend\'s change arrives once'), messages.length, 1);
  const [{ type, payload, username, unique_temp_id }] = messages;
  check(say('it is a custom message'), [type, payload.type, username], ['custom', 'profile_changed', 'Robert']);
  const { changed, user } = payload.content;
  check(say('it says what changed, of whom'), [changed, user.email, user.username], [['username'], 'bob', 'Robert']);
  holds(say('it has a number of its own'), unique_temp_id.length > 0);
  await never(say('a user that is no contact receives nothing'), async () => ((await eve.heard('newMessagesCallback')).length > 0 ? 'heard' : undefined), 6000);
  const own = (await ada.heard('newMessagesCallback')).flat().map(({ email }) => email);
  holds(say('one\'s own changes arrive, too'), own.includes('ada'), own);
}

async function departure(world, ada) {
  const { say, server } = world;
  const reset = await server.qiscusRest('POST', 'reset_user_token', { user_id: 'ada' });
  check(say('a token is reset'), reset.status, 200);
  check(say('a dead token'), said(await ada.refused('getUserProfile')), [403, 401301, 'Unauthorized']);
  // Only a 200 keeps the SDK from an uncaught error.
  check(say('logout with a dead token'), await ada.call('logout'), null);
  const back = await world.open();
  await back.call('setUser', 'ada', 'key');
  check(say('logging in again'), (await back.call('getUserProfile')).email, 'ada');
  check(say('logout'), await back.call('logout'), null);
  check(say('logout: no user is logged in'), await back.look('isLogin'), false);
}

/** With a lifetime set, an expired token is replaced before the app notices. */
async function expiry(binary) {
  const server = await Standin.fresh(binary);
  const place = await inNode();
  const say = what => `lifetime: ${what}`;
  try {
    await server.command('app', 'set', '--token-lifetime', String(LIFE_S));
    const ada = await place.open({ AppId: APP_ID, baseURL: server.base, syncInterval: 600_000 });
    const begun = Date.now();
    const { user } = await ada.call('setUser', 'ada', 'key', 'Ada');
    const life = (new Date(user.token_expires_at) - begun) / 1000;
    holds(say('the login says when its token expires'), Math.abs(life - LIFE_S) < 5, user.token_expires_at);
    const token = (await ada.look('userData')).token;
    const second = await place.open({ AppId: APP_ID, baseURL: server.base });
    const { user: other } = await second.call('setUser', 'ada', 'key');
    holds(say('each login has a token of its own'), other.token !== token);

    const renewed = await ada.call('refreshAuthToken');
    holds(say('refreshAuthToken: a new token'), renewed.token !== token && renewed.refresh_token !== user.refresh_token, renewed);
    check(say('refreshAuthToken: the app is notified'), (await ada.heard('authTokenRefreshedCallback')).length, 1);
    check(say('the new token is good'), (await ada.call('getUserProfile')).email, 'ada');

    console.log(`      waiting ${LIFE_S} s for the token to expire`);
    await pause((LIFE_S + 2) * 1000);
    const shown = await Promise.all([1, 2, 3].map(() => ada.call('getUserProfile')));
    check(say('calls at the end of a token go through, all at once'), shown.map(({ email }) => email), ['ada', 'ada', 'ada']);
    holds(say('the token was replaced silently'), (await ada.heard('authTokenRefreshedCallback')).length >= 2);
    check(say('logout ends this session'), await ada.call('logout'), null);
    const call = headers => server.call('GET', '/api/v2/sdk/my_profile', { headers: { 'QISCUS-SDK-APP-ID': APP_ID, ...headers } });
    check(say('its token is dead'), (await call({ 'QISCUS-SDK-TOKEN': renewed.token })).status, 403);
    check(say('the other session lives'), (await second.call('getUserProfile')).email, 'ada');
    await second.call('logout');
  } finally {
    await place.close();
    await server.close();
  }
}
