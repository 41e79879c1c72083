/**
 * One visit by each of the packages that npm holds: login, profile, avatar, friends, black list, user status, a page that is loaded
 * again, logout. lite-chat has no option for another server: it is served by the vendor's own host names, which the browser resolves to
 * this machine, and a certificate that it trusts, as docs/quickstarts.md says.
 */

import { execFile } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { openBrowser, serveApp } from './browser.mjs';
import { check, eventually, holds } from './check.mjs';
import { Standin } from './standin.mjs';
import { CHAT, CHAT_3_1, LITE, LITE_1, People, SDK_APP_ID, TIM, WX, portrait, rest, userSig } from './tencent_client.mjs';

const execute = promisify(execFile);

const AVATAR = 'https://pictures.example.com/ada.png';

/** The domains below which the vendor's packages look for its servers. */
const DOMAINS = ['my-imcloud.com', 'im.qcloud.com', 'my-cpaas.com', 'tim.qq.com', 'im.tencent.cn'];

/** Names below them that one certificate must bear: a star stands for one label. */
const NAMES = DOMAINS.map(domain => `DNS:*.${domain}`).join(',');

export async function clients(binary, browser) {
  for (const sdk of [CHAT, TIM, CHAT_3_1, WX]) await onPlainHttp(binary, browser, sdk);
  await uikit(binary, browser);
  await onMappedNames(binary);
}

export async function onPlainHttp(binary, browser, sdk) {
  const server = await Standin.fresh(binary, { STANDIN_SDK_APP_ID: String(SDK_APP_ID) });
  const people = await People.using(sdk, browser, server.base);
  try {
    await visit(what => `${sdk.name}: ${what}`, sdk, server, people);
  } finally {
    people.close();
    await server.close();
  }
}

/** The recipe of docs/quickstarts.md: a certificate, names that resolve here, and `--listen https://`. A demo answers these names too. */
export async function onMappedNames(binary) {
  const folder = await mkdtemp(join(tmpdir(), 'standin-tls-'));
  const [certificate, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
  await execute('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=standin', '-addext', `subjectAltName=${NAMES}`, '-keyout', key, '-out', certificate]);
  // As if the certificate had been put among those the browser trusts.
  const { publicKey } = new X509Certificate(await readFile(certificate));
  const trusted = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  const tls = { STANDIN_TLS_CERTIFICATE: certificate, STANDIN_TLS_KEY: key, STANDIN_LISTEN: '127.0.0.1:0,https://127.0.0.1:0' };
  try {
    for (const isDemo of [false, true]) {
      const server = await Standin.fresh(binary, { ...tls, STANDIN_DEMO: String(isDemo), STANDIN_SDK_APP_ID: String(SDK_APP_ID) });
      const [, port] = await eventually('the address that speaks TLS', () => server.log.match(/listening on https:\/\/[^ ]*:(\d+)/) ?? undefined);
      const names = DOMAINS.map(domain => `MAP *.${domain} 127.0.0.1:${port}`);
      const browser = await openBrowser([`--ignore-certificate-errors-spki-list=${trusted}`], names);
      try {
        for (const sdk of isDemo ? [LITE] : [LITE, LITE_1]) {
          const people = await People.using(sdk, browser, server.base);
          const of = what => `${sdk.name}${isDemo ? ' on a demo' : ''}: ${what}`;
          await visit(of, sdk, server, people, [`ada-${sdk.name.length}`, `bob-${sdk.name.length}`]);
          people.close();
        }
      } finally {
        await browser.close();
        await server.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What every package has of the user side. */
async function visit(of, sdk, server, people, [adaID, bobID] = ['ada', 'bob']) {
  const [ada, bob] = [await people.enter(adaID), await people.enter(bobID)];
  check(of('login and getMyProfile'), (await ada.keep('getMyProfile')).userID, adaID);
  const changed = await ada.keep('updateMyProfile', { nick: 'Ada Ω', avatar: AVATAR, gender: 'Gender_Type_Female', birthday: 18151210 });
  check(of('updateMyProfile'), [changed.nick, changed.avatar], ['Ada Ω', AVATAR]);
  check(of('the back end sees it'), await Promise.all(['Nick', 'Image', 'BirthDay'].map(tag => portrait(server, adaID, `Tag_Profile_IM_${tag}`))),
    ['Ada Ω', AVATAR, 18151210]);
  const [seen] = await bob.keep('getUserProfile', { userIDList: [adaID] });
  check(of('getUserProfile'), [seen.nick, seen.avatar], ['Ada Ω', AVATAR]);

  await ada.keep('addFriend', { to: bobID, source: 'AddSource_Type_Web', type: 'Add_Type_Both' });
  for (const [who, other] of [[ada, bobID], [bob, adaID]]) {
    await who.hears('FRIEND_LIST_UPDATED', friends => friends.length === 1 && friends[0].userID === other);
  }
  // lite-chat passes a change on once it has read the profile as a friend's. A user it knew as a stranger counts from its next login on,
  // and at a login it announces the friends first and reads their profiles after that.
  if (sdk.isMapped) await people.reload(bob, bobID);
  await bob.hears('FRIEND_LIST_UPDATED', ([friend, ...more]) => friend?.profile?.nick === 'Ada Ω' && more.length === 0);
  await bob.forget();
  await ada.keep('updateMyProfile', { nick: 'Ada L.' });
  const heard = await bob.hears('PROFILE_UPDATED', ([told]) => told?.userID === adaID);
  check(of('a friend hears of a change'), heard.value[0].nick, 'Ada L.');
  await ada.keep('updateFriend', { userID: bobID, remark: 'Bobby' });
  await eventually(of('updateFriend'), async () => {
    const friends = await ada.keep('getFriendList');
    return friends.find(({ userID, remark }) => userID === bobID && remark === 'Bobby');
  });
  await status(of, sdk, server, people, { ada, bob }, [adaID, bobID]);
  if (sdk.hasFollowing) await following(of, { ada, bob }, [adaID, bobID]);
  await reload(of, people, { ada, bob }, [adaID, bobID]);

  await ada.keep('addToBlacklist', { userIDList: [bobID] });
  await ada.hears('BLACKLIST_UPDATED', list => list.includes(bobID));
  check(of('getBlacklist'), await ada.keep('getBlacklist'), [bobID]);
  await ada.hears('FRIEND_LIST_UPDATED', friends => friends.length === 0);
  await ada.keep('removeFromBlacklist', { userIDList: [bobID] });
  check(of('removeFromBlacklist'), (await rest(server, 'sns/black_list_get', { From_Account: adaID, StartIndex: 0 })).BlackListItem, []);
  await ada.keep('logout');
  holds(of('no call after logout'), typeof await ada.refuse('updateMyProfile', { nick: 'x' }) === 'number');
  check(of('nothing went wrong in the pages'), [...ada.faults, ...bob.faults], []);
  for (const who of [ada, bob]) await who.close();
}

/** The browser loads the page again: nothing is registered anew, names are what they were, and changes are heard. */
async function reload(of, people, { ada, bob }, [adaID, bobID]) {
  await bob.keep('updateMyProfile', { nick: 'Bob' });
  await people.reload(ada, adaID);
  check(of('after a reload: getMyProfile'), (await ada.keep('getMyProfile')).nick, 'Ada L.');
  // At a login the packages list a friend before they have read its profile, and drop a change that comes in between.
  const friends = await eventually(of('after a reload: getFriendList'), async () => {
    const friends = await ada.keep('getFriendList');
    return friends.length === 1 && friends[0].profile?.nick === 'Bob' ? friends : undefined;
  });
  check(of('after a reload: the friend'), [friends[0].userID, friends[0].remark], [bobID, 'Bobby']);
  await ada.forget();
  await bob.keep('updateMyProfile', { nick: 'Bob B.' });
  const heard = await ada.hears('PROFILE_UPDATED', ([told]) => told?.userID === bobID);
  check(of('after a reload: a change is received'), heard.value[0].nick, 'Bob B.');
}

async function status(of, sdk, server, people, { ada, bob }, [adaID, bobID]) {
  await bob.keep('setSelfStatus', { customStatus: 'büsy' });
  const { successUserList } = await ada.keep('getUserStatus', { userIDList: [bobID] });
  check(of('getUserStatus'), successUserList.map(({ userID, statusType, customStatus }) => ({ userID, statusType, customStatus })),
    [{ userID: bobID, statusType: 1, customStatus: 'büsy' }]);
  await ada.keep('subscribeUserStatus', { userIDList: [bobID] });
  await ada.forget();
  await bob.keep('setSelfStatus', { customStatus: 'free' });
  const told = await ada.hears('USER_STATUS_UPDATED', list => list.some(({ userID }) => userID === bobID));
  check(of('USER_STATUS_UPDATED: a custom status'), told.value.find(({ userID }) => userID === bobID).customStatus, 'free');
  await bob.keep('logout');
  await ada.hears('USER_STATUS_UPDATED', list => list.some(({ userID, statusType }) => userID === bobID && statusType === 2));
  await ada.forget();
  await bob.login(bobID);
  await ada.hears('USER_STATUS_UPDATED', list => list.some(({ userID, statusType }) => userID === bobID && statusType === 1));
  check(of('USER_STATUS_UPDATED: gone and back'), true, true);
  await ada.keep('unsubscribeUserStatus', { userIDList: [bobID] });
}

async function following(of, { ada, bob }, [adaID, bobID]) {
  const [outcome] = await ada.keep('followUser', [bobID]);
  check(of('followUser'), [outcome.userID, outcome.resultCode], [bobID, 0]);
  const followers = await bob.hears('MY_FOLLOWERS_LIST_UPDATED');
  check(of('MY_FOLLOWERS_LIST_UPDATED'), [followers.value.isAdd, followers.value.userInfoList[0].userID, followers.value.userInfoList[0].nick],
    [true, adaID, 'Ada L.']);
  check(of('getMyFollowersList'), (await bob.keep('getMyFollowersList')).resultList.map(({ userID }) => userID), [adaID]);
  const [counts] = await bob.keep('getUserFollowInfo', [bobID]);
  check(of('getUserFollowInfo'), [counts.followersCount ?? counts.followerCount, counts.followingCount], [1, 0]);
  const found = await bob.keep('searchCloudUsers', { keywordList: ['ada l'] });
  check(of('searchCloudUsers'), found.searchResultList.filter(({ userID }) => userID === adaID).map(({ nick }) => nick), ['Ada L.']);
}

/** The base of the vendor's UIKits: TUILogin logs in, the engine's store shows the user's profile and hears of changes. */
export async function uikit(binary, browser) {
  const of = what => `uikit: ${what}`;
  const server = await Standin.fresh(binary, { STANDIN_SDK_APP_ID: String(SDK_APP_ID) });
  const inline = `<script type="module">
    import { TUILogin } from '@tencentcloud/tui-core';
    import { StoreName, TUIChatEngine, TUIStore, TUIUserService } from '@tencentcloud/chat-uikit-engine';
    window.profiles = [];
    TUIStore.watch(StoreName.USER, { userProfile: profile => profile && window.profiles.push(JSON.parse(JSON.stringify(profile))) });
    // As the UIKits do: TUILogin logs in, and the engine goes on with what it has made.
    window.logIn = async options => {
      await TUILogin.login({ ...options, framework: 'vue3', useUploadPlugin: false, useProfanityFilterPlugin: false });
      const { chat, SDKAppID, userID, userSig } = TUILogin.getContext();
      for (let waits = 0; !chat.isReady() && waits < 500; waits += 1) await new Promise(later => setTimeout(later, 20));
      await TUIChatEngine.login({ chat, SDKAppID, userID, userSig });
    };
    window.logOut = () => TUILogin.logout();
    window.users = TUIUserService;
  </script>`;
  const app = await serveApp(['@tencentcloud/chat/index.js'], '127.0.0.1', {
    inline,
    modules: {
      '@tencentcloud/chat': new URL('./chat_module.mjs', import.meta.url).pathname,
      '@tencentcloud/tui-core': '@tencentcloud/tui-core/index.js',
      '@tencentcloud/chat-uikit-engine': '@tencentcloud/chat-uikit-engine/index.js',
      'tim-upload-plugin': new URL('./no_plugin.mjs', import.meta.url).pathname,
      'tim-profanity-filter-plugin': new URL('./no_plugin.mjs', import.meta.url).pathname,
    },
  });
  const page = await (await browser.newContext()).newPage();
  const faults = [];
  page.on('pageerror', fault => faults.push(String(fault)));
  const logIn = async () => {
    await page.waitForFunction(() => window.logIn);
    await page.evaluate(options => window.logIn(options), {
      SDKAppID: SDK_APP_ID, userID: 'ada', userSig: userSig('ada'), proxyServer: server.base.replace('http', 'ws'),
    });
  };
  const profile = wanted => eventually(of('the profile in the store'), async () =>
    (await page.evaluate(() => window.profiles)).find(profile => profile.userID === 'ada' && (!wanted || profile.nick === wanted)));
  try {
    await rest(server, 'im_open_login_svc/account_import', { Identifier: 'ada', Nick: 'Ada', FaceUrl: AVATAR });
    await page.goto(app.url);
    await logIn();
    const first = await profile('Ada');
    check(of('TUILogin.login, and the profile in the store'), [first.nick, first.avatar], ['Ada', AVATAR]);
    await page.evaluate(() => window.users.updateMyProfile({ nick: 'Ada Ω' }));
    check(of('updateMyProfile'), [(await profile('Ada Ω')).nick, await portrait(server, 'ada', 'Tag_Profile_IM_Nick')], ['Ada Ω', 'Ada Ω']);
    await rest(server, 'profile/portrait_set', { From_Account: 'ada', ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: 'By the back end' }] });
    check(of('a change of the back end is heard'), (await profile('By the back end')).nick, 'By the back end');
    await page.reload();
    await logIn();
    check(of('after a reload: the profile'), (await profile('By the back end')).avatar, AVATAR);
    await page.evaluate(() => window.logOut());
    check(of('nothing went wrong in the page'), faults, []);
  } finally {
    app.close();
    await server.close();
  }
}
