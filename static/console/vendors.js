// Knows the three vendors' APIs as far as this page calls them: how each reads and renames a user, and the code to paste.

import { base, onSession, post, put } from './api.js';
import { inApp } from './selected.js';

/** Marks the calls of this page, so that they are not taken for those of an app. */
export const CONSOLE_HEADER = 'x-standin-console';

/** Why this page cannot call MirrorFly's API if the operator chose the account's password. */
const CHOSEN = 'this page cannot log in, because you chose the password of the back-end account and the server keeps only its hash';

/** How long a UserSig of this page is valid: as long as an administrator's session at most. */
const BACK_END_S = 12 * 3600;

const signed = new Map();

/** Returns a UserSig of the app's administrator. Each one makes an audit entry, so the page makes only one. */
export function userSigOf(app) {
  if (!signed.has(app.app_id)) {
    const made = post(inApp('usersig'), { user: 'administrator', expire_s: BACK_END_S }).then(({ user_sig: userSig }) => userSig);
    made.catch(() => signed.delete(app.app_id));
    signed.set(app.app_id, made);
  }
  return signed.get(app.app_id);
}

onSession(() => signed.clear());

/** A call of this page of a vendor's API. */
export const ask = (path, init = {}) => fetch(base + path, { ...init, headers: { ...init.headers, [CONSOLE_HEADER]: '1' } });

/** The status and the JSON of a response. */
export async function json(promised) {
  const answer = await promised;
  const body = await answer.json().catch(() => ({}));
  return { status: answer.status, body };
}

/** The headers of a call of Qiscus' API for a user. */
export async function asQiscusUser(app, keys, id) {
  const headers = { 'QISCUS-SDK-APP-ID': app.app_id, 'QISCUS-SDK-SECRET': keys.secret };
  const { body } = await json(ask(`api/v2.1/rest/get_user_token?user_id=${encodeURIComponent(id)}`, { headers }));
  return { 'QISCUS-SDK-APP-ID': app.app_id, 'QISCUS-SDK-TOKEN': body.results?.token };
}

/** A command of Tencent's REST API, as its administrator. */
export async function tencentCall(app, command, body) {
  const userSig = await userSigOf(app);
  const query = `sdkappid=${app.sdk_app_id}&identifier=administrator&usersig=${encodeURIComponent(userSig)}&random=1&contenttype=json`;
  return json(ask(`v4/${command}?${query}`, { method: 'POST', body: JSON.stringify(body) }));
}

/**
 * Returns the vendors' APIs that the app serves, called with the app's own secrets as a back end calls them.
 * `keys` is what `secrets()` of selected.js returns.
 */
export function vendorApis(app, keys) {
  let token = null;
  const qiscusHeaders = () => ({ 'QISCUS-SDK-APP-ID': app.app_id, 'QISCUS-SDK-SECRET': keys.secret });
  const qiscusRest = path => json(ask(`api/v2.1/rest/${path}`, { headers: qiscusHeaders() }));

  async function mirrorfly(path, init = {}) {
    if (keys.account_password === null) return { status: 401, body: { message: CHOSEN } };
    token ??= (await json(ask('api/v1/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: keys.account, password: keys.account_password }),
    }))).body.data?.token;
    const headers = { authorization: token ?? '', ...init.headers };
    return json(ask(`api/v1/${path}`, { ...init, headers }));
  }

  /** MirrorFly's pictures need a token, which an <img> cannot send. So they are fetched, and shown from memory. */
  async function mediaOf(address) {
    const [, path] = address?.match(/\/(api\/v1\/media\/.*)$/) ?? [];
    if (!path) return address;
    const answer = await ask(path, { headers: { authorization: token ?? '' } });
    return answer.ok ? URL.createObjectURL(await answer.blob()) : null;
  }

  const tencent = (command, body) => tencentCall(app, command, body);
  const TAGS = ['Tag_Profile_IM_Nick', 'Tag_Profile_IM_Image', 'Tag_Profile_IM_SelfSignature'];

  return [
    {
      id: 'qiscus',
      name: 'Qiscus',
      sampleUser: 'grace@example.com',
      sample: () => json(ask('api/v2.1/rest/login_or_register', {
        method: 'POST',
        headers: { ...qiscusHeaders(), 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: 'grace@example.com', password: 'a key of hers', username: 'Grace' }),
      })),
      call: 'GET /api/v2.1/rest/user_profile',
      read: id => qiscusRest(`user_profile?user_id=${encodeURIComponent(id)}`),
      shown: ({ body }) => ({ name: body.results?.user?.username, avatar_url: body.results?.user?.avatar_url }),
      async rename(id, name) {
        const headers = { ...await asQiscusUser(app, keys, id), 'content-type': 'application/json' };
        return json(ask('api/v2/sdk/my_profile', { method: 'PATCH', headers, body: JSON.stringify({ name }) }));
      },
    },
    {
      id: 'mirrorfly',
      name: 'MirrorFly',
      sampleUser: 'ada',
      sample() {
        const body = new FormData();
        const fields = { deviceType: 'web', licenseKey: keys.license_key, userIdentifier: 'ada', nickname: 'Ada Lovelace' };
        Object.entries(fields).forEach(([name, value]) => body.set(name, value));
        return mirrorfly('users/createUser', { method: 'POST', body });
      },
      call: 'GET /api/v1/users/{userId}',
      read: id => mirrorfly(`users/${encodeURIComponent(id)}`),
      async shown({ body }) {
        const { nickName, status, profileUrl } = body.data ?? {};
        return { name: nickName, status, avatar_url: await mediaOf(profileUrl) };
      },
      rename: (id, name) => mirrorfly(`users/${encodeURIComponent(id)}`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ deviceType: 'web', licenseKey: keys.license_key, nickname: name }),
      }),
    },
    {
      id: 'tencent',
      name: 'Tencent',
      sampleUser: 'alan',
      sample: () => tencent('im_open_login_svc/account_import', { UserID: 'alan', Nick: 'Alan Turing' }),
      call: 'POST /v4/profile/portrait_get',
      read: id => tencent('profile/portrait_get', { To_Account: [id], TagList: TAGS }),
      shown({ body }) {
        const items = Object.fromEntries((body.UserProfileItem?.[0]?.ProfileItem ?? []).map(item => [item.Tag, item.Value]));
        return { name: items.Tag_Profile_IM_Nick, avatar_url: items.Tag_Profile_IM_Image, status: items.Tag_Profile_IM_SelfSignature };
      },
      rename: (id, name) => tencent('profile/portrait_set', { From_Account: id, ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: name }] }),
    },
  ].filter(({ id }) => app.dialects[id]);
}

/** Sets a user's picture, for all vendors' clients. */
export const setPicture = (id, blob) => put(inApp('users', id, 'picture'), blob, { type: blob.type });

/** Puts a change on record that this page is about to make through a vendor's API, which itself leaves no audit entry. */
export const recordChange = (vendor, user, change) => post(inApp('users', user, 'vendor-changes'), { vendor, change });

/** The error of a vendor's response in its own words, or null. Each vendor has its own place for it, and some answer errors with 200. */
export function refusal({ status, body }) {
  const said = body.ErrorInfo || body.error?.message || body.message;
  const isRefused = status >= 400 || body.status >= 400 || (body.ErrorCode ?? 0) !== 0;
  return isRefused ? said || `answered ${status}` : null;
}

/** In place of the credentials, which only administrators see. */
const UNKNOWN = {
  app: { app_id: 'YOUR_APP_ID', sdk_app_id: 'YOUR_SDKAPPID' },
  keys: { secret: 'YOUR_SECRET', license_key: 'YOUR_LICENSE_KEY', account: 'administrator', account_password: 'YOUR_PASSWORD' },
  userSig: 'YOUR_USERSIG',
};

/** The data folder that commands use if none is given. */
const DEFAULT_DATA = './data';

/** The flags that a command about the app `appId` needs: the id if there are several apps, the data folder if it is not the default. */
export const flags = (appId, isOnly, data) => (isOnly ? '' : ` --app ${appId}`) + (data === DEFAULT_DATA ? '' : ` --data ${data}`);

/** The code for a server with TLS on port 443 under a name. */
const mirrorflyOverTls = (here, licenseKey) => `await SDK.initializeSDK({
  apiBaseUrl: '${here.href}api/v1',
  licenseKey: '${licenseKey}',
  callbackListeners: {},
})
await SDK.register('user1')`;

/** The code for plain HTTP on port 80 of `host`, as the quickstarts have it. */
const mirrorflyOverHttp = (address, host, licenseKey) => `const options = {
  apiBaseUrl: '${address}api/v1',
  licenseKey: '${licenseKey}',
  callbackListeners: {},
}
await SDK.initializeSDK(options)
const { data } = await SDK.register('user1')
await SDK.initializeSDK({
  ...options,
  xmppSocketHost: '${host}', xmppSocketPort: 80, ssl: false,
})
await SDK.connect(data.username, data.password)`;

/**
 * The code of a MirrorFly app for a server at the URL `here`, a note, and the condition under which the code works, if there is one.
 * The SDK accepts only a host name with a dot, and no port.
 */
export function mirrorflyCode(here, licenseKey) {
  const isNamed = /[^\d.]/.test(here.hostname) && here.hostname.includes('.') && here.port === '';
  if (isNamed && here.protocol === 'https:') return { js: mirrorflyOverTls(here, licenseKey), note: 'Only apiBaseUrl differs from the vendor’s sample.' };
  const note = 'The order of the calls matters.';
  const condition = 'The app’s registration must be open (see Apps & keys), because this code registers at each page load.';
  if (isNamed) return { js: mirrorflyOverHttp(here.href, here.hostname, licenseKey), note, condition };
  return {
    js: mirrorflyOverHttp('http://standin.localhost/', 'standin.localhost', licenseKey),
    note: `${note} Back ends can call the address above.`,
    condition: `This SDK accepts only a host name with a dot, and no port. Start the server with --listen 127.0.0.1:80 --public-url http://standin.localhost. ${condition}`,
  };
}

/**
 * What to paste for each vendor: the credentials, a call for a shell, the code of an app, and which texts in them are secrets. `flags` are
 * those of a command about the app.
 */
export function snippets(app = UNKNOWN.app, keys = UNKNOWN.keys, userSig = UNKNOWN.userSig, flags = '') {
  const root = base.slice(0, -1);
  const socket = root.replace(/^http/, 'ws');
  const password = keys.account_password ?? 'THE_ONE_YOU_CHOSE';
  return [
    {
      id: 'qiscus',
      label: 'Qiscus',
      facts: [['Base URL', root], ['App ID', app.app_id], ['Secret', keys.secret]],
      secrets: [keys.secret],
      curl: `curl ${root}/api/v2.1/rest/login_or_register \\
  -H 'Content-Type: application/json' \\
  -H 'QISCUS-SDK-APP-ID: ${app.app_id}' \\
  -H 'QISCUS-SDK-SECRET: ${keys.secret}' \\
  -d '{"user_id": "grace@example.com", "password": "a key of hers", "username": "Grace"}'`,
      js: `const sdk = new QiscusSDKCore()
await sdk.init({ AppId: '${app.app_id}', baseURL: '${root}', options: {} })
await sdk.setUser('grace@example.com', 'a key of hers', 'Grace')`,
      note: 'Only baseURL differs from the vendor’s sample. The SDK finds the realtime server by itself.',
    },
    {
      id: 'mirrorfly',
      label: 'MirrorFly',
      facts: [['API base', `${root}/api/v1`], ['Licence key', keys.license_key], ['Account', keys.account], ['Password', password]],
      secrets: [keys.license_key, password],
      curl: `TOKEN=$(curl -s ${root}/api/v1/login \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "${keys.account}", "password": "${password}"}' \\
  | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

curl ${root}/api/v1/users/createUser \\
  -H "Authorization: $TOKEN" \\
  -F deviceType=web -F licenseKey=${keys.license_key} \\
  -F userIdentifier=ada -F 'nickname=Ada Lovelace'`,
      ...mirrorflyCode(new URL(base), keys.license_key),
    },
    {
      id: 'tencent',
      label: 'Tencent',
      facts: [['proxyServer', socket], ['SDKAppID', String(app.sdk_app_id)], ['SecretKey', keys.secret]],
      secrets: [keys.secret, userSig],
      curl: `curl '${root}/v4/im_open_login_svc/account_import?sdkappid=${app.sdk_app_id}&identifier=administrator&usersig=${userSig}&random=1&contenttype=json' \\
  -d '{"UserID": "alan", "Nick": "Alan Turing"}'`,
      js: `const chat = TencentCloudChat.create({
  SDKAppID: ${app.sdk_app_id},
  proxyServer: '${socket}',
})
await chat.login({ userID: 'alan', userSig })`,
      note: `Only proxyServer differs from the vendor’s sample. Your back end makes userSig as before. For a first try, the command standin app usersig --user alan${flags} makes one.`,
    },
  ];
}
