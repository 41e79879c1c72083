// Knows the three vendors' wires as far as a page can call them: how each reads, renames and pictures a user, and what to paste.

import { base, onSession, post, put } from './api.js';
import { inApp } from './house.js';

/** Why MirrorFly's wire cannot be shown where the operator chose the account's password. */
const CHOSEN = 'the password of the back-end account was chosen by you and is kept as a hash alone, so this page cannot log in with it';

/** How long a UserSig of this page is good: a session of an administrator is not longer. */
const BACK_END_S = 12 * 3600;

const signed = new Map();

/** A UserSig of the app's administrator. Each is on record, so one does for as long as the page is open. */
export function userSigOf(app) {
  if (!signed.has(app.app_id)) {
    const made = post(inApp('usersig'), { user: 'administrator', expire_s: BACK_END_S }).then(({ user_sig: userSig }) => userSig);
    made.catch(() => signed.delete(app.app_id));
    signed.set(app.app_id, made);
  }
  return signed.get(app.app_id);
}

onSession(() => signed.clear());

/**
 * The wires, spoken to with the app's own secrets, as a back end would.
 * `keys` is what `house.secrets()` answered.
 */
export function speak(app, keys) {
  let token = null;
  const url = path => base + path;

  async function json(promised) {
    const answer = await promised;
    const body = await answer.json().catch(() => ({}));
    return { status: answer.status, body };
  }

  const qiscusHeaders = () => ({ 'QISCUS-SDK-APP-ID': app.app_id, 'QISCUS-SDK-SECRET': keys.secret });
  const qiscusRest = path => json(fetch(url(`api/v2.1/rest/${path}`), { headers: qiscusHeaders() }));

  async function asQiscusUser(id, init) {
    const { body } = await qiscusRest(`get_user_token?user_id=${encodeURIComponent(id)}`);
    const token = body.results?.token;
    return { 'QISCUS-SDK-APP-ID': app.app_id, 'QISCUS-SDK-TOKEN': token, ...init };
  }

  async function mirrorfly(path, init = {}) {
    if (keys.account_password === null) return { status: 401, body: { message: CHOSEN } };
    token ??= (await json(fetch(url('api/v1/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: keys.account, password: keys.account_password }),
    }))).body.data?.token;
    const headers = { authorization: token ?? '', ...init.headers };
    return json(fetch(url(`api/v1/${path}`), { ...init, headers }));
  }

  /** MirrorFly's own pictures want a token, which no <img> can show: they are fetched, and shown from memory. */
  async function mediaOf(address) {
    const [, path] = address?.match(/\/(api\/v1\/media\/.*)$/) ?? [];
    if (!path) return address;
    const answer = await fetch(url(path), { headers: { authorization: token ?? '' } });
    return answer.ok ? URL.createObjectURL(await answer.blob()) : null;
  }

  async function tencent(command, body) {
    const userSig = await userSigOf(app);
    const query = `sdkappid=${app.sdk_app_id}&identifier=administrator&usersig=${encodeURIComponent(userSig)}&random=1&contenttype=json`;
    return json(fetch(url(`v4/${command}?${query}`), { method: 'POST', body: JSON.stringify(body) }));
  }

  const TAGS = ['Tag_Profile_IM_Nick', 'Tag_Profile_IM_Image', 'Tag_Profile_IM_SelfSignature'];

  return [
    {
      id: 'qiscus',
      name: 'Qiscus',
      hello: () => json(fetch(url('api/v2.1/rest/login_or_register'), {
        method: 'POST',
        headers: { ...qiscusHeaders(), 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: 'grace@example.com', password: 'a key of hers', username: 'Grace' }),
      })),
      call: 'GET /api/v2.1/rest/user_profile',
      read: id => qiscusRest(`user_profile?user_id=${encodeURIComponent(id)}`),
      shown: ({ body }) => ({ name: body.results?.user?.username, avatar_url: body.results?.user?.avatar_url }),
      async rename(id, name) {
        const headers = await asQiscusUser(id, { 'content-type': 'application/json' });
        return json(fetch(url('api/v2/sdk/my_profile'), { method: 'PATCH', headers, body: JSON.stringify({ name }) }));
      },
    },
    {
      id: 'mirrorfly',
      name: 'MirrorFly',
      hello() {
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
      hello: () => tencent('im_open_login_svc/account_import', { UserID: 'alan', Nick: 'Alan Turing' }),
      call: 'POST /v4/profile/portrait_get',
      read: id => tencent('profile/portrait_get', { To_Account: [id], TagList: TAGS }),
      shown({ body }) {
        const items = Object.fromEntries((body.UserProfileItem?.[0]?.ProfileItem ?? []).map(item => [item.Tag, item.Value]));
        return { name: items.Tag_Profile_IM_Nick, avatar_url: items.Tag_Profile_IM_Image, status: items.Tag_Profile_IM_SelfSignature };
      },
      rename: (id, name) => tencent('profile/portrait_set', { From_Account: id, ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: name }] }),
    },
  ].filter(wire => app.dialects[wire.id]);
}

/** Gives a user a picture; any wire shows it from then on. */
export const setPicture = (id, blob) => put(inApp('users', id, 'picture'), blob, { type: blob.type });

/** What a wire refused, in its own words, or null. Each vendor has its own place for it, and some call a refusal 200. */
export function refusal({ status, body }) {
  const said = body.ErrorInfo || body.error?.message || body.message;
  const isRefused = status >= 400 || body.status >= 400 || (body.ErrorCode ?? 0) !== 0;
  return isRefused ? said || `answered ${status}` : null;
}

/** In place of what only administrators see. */
const UNKNOWN = {
  app: { app_id: 'YOUR_APP_ID', sdk_app_id: 'YOUR_SDKAPPID' },
  keys: { secret: 'YOUR_SECRET', license_key: 'YOUR_LICENSE_KEY', account: 'administrator', account_password: 'YOUR_PASSWORD' },
  userSig: 'YOUR_USERSIG',
};

/** The data folder that commands take by themselves. */
const DEFAULT_DATA = './data';

/** The flags by which a command finds the app `appId`: its id where there are several, the data folder where it is not the default. */
export const flags = (appId, isOnly, data) => (isOnly ? '' : ` --app ${appId}`) + (data === DEFAULT_DATA ? '' : ` --data ${data}`);

/** What MirrorFly's SDK is told where TLS on port 443 answers under a name: one address. */
const mirrorflyOverTls = (here, licenseKey) => `await SDK.initializeSDK({
  apiBaseUrl: '${here.href}api/v1',
  licenseKey: '${licenseKey}',
  callbackListeners: {},
})
await SDK.register('user1')`;

/** The recipe of README for plain HTTP on port 80 of `host`. The order of its calls matters. */
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

/** The lines of an app of MirrorFly for a server at the URL `here`, and what to know about them. The SDK wants a name with a dot and no port. */
export function mirrorflyCode(here, licenseKey) {
  const isNamed = /[^\d.]/.test(here.hostname) && here.hostname.includes('.') && here.port === '';
  if (isNamed && here.protocol === 'https:') return { js: mirrorflyOverTls(here, licenseKey), note: 'Only apiBaseUrl is new.' };
  const order = 'The order matters. Register on each page load, which needs the app’s registration to be open.';
  if (isNamed) return { js: mirrorflyOverHttp(here.href, here.hostname, licenseKey), note: order };
  return {
    js: mirrorflyOverHttp('http://standin.localhost/', 'standin.localhost', licenseKey),
    note: `This SDK wants a name with a dot and no port. Start with --listen 127.0.0.1:80 --public-url http://standin.localhost for it. ${order} Back ends may call the address above.`,
  };
}

/**
 * What to paste, by vendor: the facts, a call for a shell, the lines of an app, and which texts in them are secrets. `flags` are those of a
 * command about the app.
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
      note: 'Only baseURL is new. The realtime server is not needed.',
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
      note: `Only proxyServer is new. Your back end makes userSig as before; standin app usersig --user alan${flags} makes one for a first try.`,
    },
  ];
}
