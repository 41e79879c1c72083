/**
 * One visit by each of the packages for JavaScript that the vendor has published and that apps still ship: login, profile read and
 * changed, avatar, other users, what sample apps ask after a login, a page that is loaded again, logout. In a page, where these run.
 */

import { openBrowser, serveApp } from './browser.mjs';
import { check, eventually, holds, never } from './check.mjs';
import { APP_ID, Standin } from './standin.mjs';

/** The package, its script and its global name, and which of its methods it lacks or breaks in itself. */
const PACKAGES = [
  { name: 'qiscus-sdk-core 2.16.9', script: 'qiscus-sdk-core/dist/qiscus-sdk-core.min.js', global: 'QiscusSDKCore', lacks: ['users'] },
  { name: 'qiscus-sdk-core 2.14.2', script: 'qiscus-sdk-core-2.14.2/dist/qiscus-sdk-core.min.js', global: 'QiscusSDKCore', lacks: ['users'] },
  { name: 'qiscus-sdk-core 2.8.16', script: 'qiscus-sdk-core-2.8.16/dist/qiscus-sdk-core.min.js', global: 'QiscusSDKCore', lacks: ['profile', 'rooms unread'] },
  { name: 'qiscus-sdk-javascript 3.4.2', script: 'qiscus-sdk-javascript', global: 'QiscusSDK', lacks: [] },
];

/** The smallest PNG there is: one pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

export async function clients(binary) {
  const browser = await openBrowser();
  try {
    for (const sdk of PACKAGES) await visit(binary, browser, sdk);
  } finally {
    await browser.close();
  }
}

/**
 * An app of either line of SDKs, behind calls whose arguments and answers are plain JSON. Handed to the page as text: it may name nothing
 * outside itself.
 */
function makeApp(SDK, isThird) {
  const heard = [];
  const plain = value => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
  const file = () => new File([Uint8Array.from(atob(window.png), c => c.charCodeAt(0))], 'one.png');
  const user = shown => ({ id: shown.email ?? shown.id, name: shown.username ?? shown.name, avatar: shown.avatar_url ?? shown.avatarUrl, extras: shown.extras });
  const sdk = isThird ? SDK.instance ?? new SDK() : new SDK();

  const second = {
    async open({ appId, base }) {
      const options = Object.fromEntries(['loginSuccessCallback', 'loginErrorCallback'].map(name => [name, told => sdk[name]?.(told)]));
      options.newMessagesCallback = told => heard.push(...told);
      // The first of these versions asks for no config: its app names everything.
      await sdk.init({ AppId: appId, baseURL: base, uploadURL: `${base}/api/v2/sdk/upload`, mqttURL: `${base.replace('http', 'ws')}/mqtt`, sync: 'http', options });
    },
    login: (id, key, name, extras) => new Promise((done, failed) => {
      sdk.loginSuccessCallback = ({ user }) => done(user);
      sdk.loginErrorCallback = reason => failed(new Error(reason?.response?.body?.error?.message ?? reason?.body?.error?.message ?? reason?.message));
      Promise.resolve(sdk.setUser(id, key, name, undefined, extras)).catch(() => {});
    }).then(user),
    // The oldest keeps the name of the login in what it knows of its user, so its app keeps the id and the key.
    kept: (id, key) => (sdk.getUserProfile ? { user: sdk.userData } : { id, key }),
    again: kept => (kept.id ? second.login(kept.id, kept.key) : new Promise(done => {
      sdk.loginSuccessCallback = ({ user }) => done(user);
      sdk.setUserWithIdentityToken(kept);
    }).then(user)),
    profile: () => sdk.getUserProfile().then(user),
    change: fields => sdk.updateProfile(fields),
    upload: () => sdk.upload(file(), () => {}),
    users: query => sdk.getUsers(query, 1, 20).then(({ users }) => users.map(user)),
    block: id => sdk.blockUser(id).then(user),
    unblock: id => sdk.unblockUser(id).then(user),
    blocked: () => sdk.getBlockedUser(1, 20).then(users => users.map(user)),
    rooms: () => sdk.loadRoomList({ page: 1, limit: 20 }),
    unread: () => sdk.getTotalUnreadCount(),
    roomsUnread: () => sdk.getRoomUnreadCount(),
    logout: () => sdk.logout(),
    isLogin: () => sdk.isLogin,
  };

  const third = {
    async open({ appId, base }) {
      await sdk.setupWithCustomServer(appId, base);
      // No option names where it uploads to: left alone, it is the vendor's own host.
      sdk.storage.setUploadUrl(`${base}/api/v2/sdk/upload`);
    },
    async login(id, key, name, extras) {
      const own = await sdk.setUser(id, key, name, undefined, extras);
      sdk.onMessageReceived(message => heard.push(message));
      return user(own);
    },
    // It keeps no session of its own: its app keeps the id and the key.
    kept: (id, key) => ({ id, key }),
    again: ({ id, key }) => third.login(id, key),
    profile: () => sdk.getUserData().then(user),
    change: ({ name, avatar_url }) => sdk.updateUser(name, avatar_url),
    upload: () => new Promise((done, failed) => sdk.upload(file(), (fault, _, url) => (fault ? failed(fault) : url && done(url)))),
    users: query => sdk.getUsers(query, 1, 20).then(users => users.map(user)),
    block: id => sdk.blockUser(id).then(user),
    unblock: id => sdk.unblockUser(id).then(user),
    blocked: () => sdk.getBlockedUsers(1, 20).then(users => users.map(user)),
    rooms: () => sdk.getAllChatRooms(true, false, true, 1, 20),
    unread: () => sdk.getTotalUnreadCount(),
    roomsUnread: () => sdk.getRoomUnreadCount(),
    logout: () => sdk.clearUser(),
    isLogin: () => sdk.isLogin,
  };

  const app = isThird ? third : second;
  return {
    async call(verb, args) {
      try {
        return { kept: plain(await app[verb](...args)) };
      } catch (reason) {
        return { refused: String(reason?.response?.data?.error?.message ?? reason?.response?.body?.error?.message ?? reason?.message ?? reason) };
      }
    },
    heard: () => plain(heard),
  };
}

/** A page with the app, in a browser context of its own: nothing of another visit is in it. */
async function openApp(browser, url, sdk, server) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', fault => faults.push(String(fault)));
  await page.goto(url);
  await page.addScriptTag({ content: `window.png = '${PNG}'; window.app = (${makeApp})(window.${sdk.global}?.default ?? window.${sdk.global}, ${sdk.global === 'QiscusSDK'})` });
  const outcome = (verb, ...args) => page.evaluate(([verb, args]) => window.app.call(verb, args), [verb, args]);
  const app = {
    faults,
    heard: () => page.evaluate(() => window.app.heard()),
    async call(verb, ...args) {
      const { kept, refused } = await outcome(verb, ...args);
      if (refused !== undefined) throw new Error(`${sdk.name}: ${verb} is refused: ${refused}`);
      return kept;
    },
    async refused(verb, ...args) {
      const { kept, refused } = await outcome(verb, ...args);
      if (refused === undefined) throw new Error(`${sdk.name}: ${verb} is not refused: ${JSON.stringify(kept)}`);
      return refused;
    },
    close: () => context.close(),
  };
  await app.call('open', { appId: APP_ID, base: server.base });
  return app;
}

async function visit(binary, browser, sdk) {
  const server = await Standin.fresh(binary);
  const page = await serveApp([sdk.script]);
  const say = what => `${sdk.name}: ${what}`;
  try {
    for (const [id, name] of [['bob', 'Bob'], ['zoe', 'Zoë']]) {
      await server.qiscusRest('POST', 'login_or_register', { user_id: id, username: name, password: 'key' });
    }
    const app = await openApp(browser, page.url, sdk, server);
    await entry({ sdk, app, say, server });
    await people({ sdk, app, say });
    await asked({ sdk, app, say });
    const kept = await app.call('kept', 'ada', 'key');
    check(say('no error went uncaught'), app.faults, []);
    await app.close();
    await again({ browser, page, sdk, server, say, kept });
  } finally {
    page.close();
    await server.close();
  }
}

async function entry({ sdk, app, say, server }) {
  const made = await app.call('login', 'ada', 'key', 'Ada', { role: 'owner' });
  check(say('login makes a user'), [made.id, made.name, made.extras], ['ada', 'Ada', { role: 'owner' }]);
  holds(say('a new user has a picture'), made.avatar.startsWith(`${server.base}/pictures/`), made);
  const url = await app.call('upload');
  check(say('upload'), (await fetch(url)).status, 200);
  await app.call('change', { name: 'Ada L.', avatar_url: url });
  const shown = (await server.qiscusRest('GET', 'user_profile?user_id=ada')).json.results.user;
  check(say('profile and avatar changed'), [shown.username, shown.avatar_url], ['Ada L.', url]);
  if (!sdk.lacks.includes('profile')) {
    const profile = await app.call('profile');
    check(say('profile read'), [profile.id, profile.name, profile.avatar], ['ada', 'Ada L.', url]);
  }
}

async function people({ sdk, app, say }) {
  if (!sdk.lacks.includes('users')) {
    check(say('users are found'), (await app.call('users', 'ZOE\u0308')).map(({ id, name }) => [id, name]), [['zoe', 'Zoë']]);
    check(say('all users are listed'), (await app.call('users', '')).map(({ id }) => id), ['bob', 'zoe', 'ada']);
  }
  check(say('block'), (await app.call('block', 'bob')).id, 'bob');
  check(say('the blocked are listed'), (await app.call('blocked')).map(({ id, name }) => [id, name]), [['bob', 'Bob']]);
  check(say('unblock'), (await app.call('unblock', 'bob')).id, 'bob');
  check(say('no user is blocked'), await app.call('blocked'), []);
}

async function asked({ sdk, app, say }) {
  check(say('no rooms'), await app.call('rooms'), []);
  check(say('no unread messages'), await app.call('unread'), 0);
  if (!sdk.lacks.includes('rooms unread')) check(say('no unread rooms'), await app.call('roomsUnread'), 0);
}

/** The page is loaded again, with what the app kept, while registration is closed. */
async function again({ browser, page, sdk, server, say, kept }) {
  await server.command('app', 'set', '--registration', 'closed');
  const app = await openApp(browser, page.url, sdk, server);
  const own = await app.call('again', kept);
  check(say('loaded again: the same user, by its clear name'), [own.id, own.name], ['ada', 'Ada L.']);
  if (!sdk.lacks.includes('users')) {
    check(say('loaded again: others by their clear names'), (await app.call('users', 'zo')).map(({ name }) => name), ['Zoë']);
  }
  await server.qiscusRest('POST', 'login_or_register', { user_id: 'ada', username: 'Ada Lovelace', password: 'key' });
  const message = await eventually(say('a change is received'), async () => (await app.heard()).find(({ payload }) => payload?.type === 'profile_changed'));
  check(say('loaded again: a change is received'), message.payload.content.user.username, 'Ada Lovelace');
  await never(say('it is received once'), async () => ((await app.heard()).length > 1 ? 'twice' : undefined), 6000);
  await app.call('logout');
  holds(say('logout'), !(await app.call('isLogin')));
  check(say('loaded again: no error went uncaught'), app.faults, []);
  await app.close();
}
