/**
 * The packages @tencentcloud/chat and tim-js-sdk against the built server, in pages of another origin. Nothing of an app changes but the
 * option `proxyServer` of `create`.
 */

import { createServer } from 'node:net';

import { openBrowser } from './browser.mjs';
import { check, pause } from './check.mjs';
import { recorder } from './record.mjs';
import { Standin } from './standin.mjs';
import { clients } from './tencent_clients.mjs';
import { CHAT, People, SDK_APP_ID, TIM, TIM_PLAIN, rest } from './tencent_client.mjs';
import { friends } from './tencent_friends.mjs';
import { chatCalls, messages } from './tencent_messages.mjs';
import { profiles } from './tencent_profiles.mjs';
import { samples } from './tencent_samples.mjs';
import { idling, kicks, leaving, restart, signingIn } from './tencent_sessions.mjs';
import { wires } from './tencent_wires.mjs';

export async function run(binary) {
  const browser = await openBrowser();
  try {
    if (process.env.RECORD) return await recorded(binary, browser);
    for (const sdk of [CHAT, TIM]) {
      await within(binary, browser, sdk, (house, people) => messages(of(sdk), house, people));
      await whole(binary, browser, sdk);
    }
    await plain(binary, browser);
    await wires(binary, browser);
    await clients(binary, browser);
  } finally {
    await browser.close();
  }
}

/**
 * After how much silence the SDK has said all that a call makes it say, in milliseconds: more than a second, so that no two messages of a
 * recording have one time.
 */
const QUIET_MS = 1_100;

const of = sdk => what => `${sdk.name}: ${what}`;

/** Everything that is served, by an SDK that has friends; what lasts long is waited for beside the rest. */
async function whole(binary, browser, sdk) {
  await within(binary, browser, sdk, async (standin, people) => {
    const idle = idling(of(sdk), people);
    idle.catch(() => {});
    await signingIn(of(sdk), standin, people);
    const [ada, bob, eve] = [await people.enter('ada'), await people.enter('bob'), await people.enter('eve')];
    await befriended(standin, ada, bob);
    await profiles(of(sdk), standin, sdk, { ada, bob, eve });
    await ada.keep('deleteFriend', { userIDList: ['bob'], type: 'Delete_Type_Both' });
    for (const who of [ada, bob]) await who.hears('FRIEND_LIST_UPDATED', friends => friends.length === 0);
    await friends(of(sdk), standin, sdk, { ada, bob, eve });
    await rest(standin, 'im_open_login_svc/account_import', { UserID: 'user2' });
    await samples(of(sdk), await people.enter('user1'));
    await notServed(of(sdk), ada);
    await leaving(of(sdk), { ada, bob });
    await idle;
    await restart(of(sdk), standin, { ada, bob });
    for (const [id, who] of Object.entries({ ada, bob, eve })) check(of(sdk)(`no fault in the page of ${id}`), who.faults, []);
    await kicks(of(sdk), standin, people, { ada, bob });
  });
}

/** What is no part of Standin: nothing of it counts as done, and nothing of it breaks. */
async function notServed(of, ada) {
  check(of('createGroup'), await ada.refuse('createGroup', { type: 'Private', name: 'Group' }), 60009);
  check(of('getGroupList'), (await ada.keep('getGroupList')).groupList, []);
}

async function befriended(standin, one, other) {
  const AddFriendItem = [{ To_Account: 'bob', AddSource: 'AddSource_Type_Web' }];
  await rest(standin, 'sns/friend_add', { From_Account: 'ada', AddFriendItem, AddType: 'Add_Type_Both' });
  for (const who of [one, other]) await who.hears('FRIEND_LIST_UPDATED', friends => friends.length === 1);
  // The SDK keeps the profiles of friends it has asked for.
  await other.keep('getUserProfile', { userIDList: ['ada'] });
}

/** Visits of one person, for the replay. */
async function recorded(binary, browser) {
  await recordedVisit(binary, browser, 'tencent-page', profileCalls);
  await recordedVisit(binary, browser, 'tencent-chat', chatCalls);
}

/** Each call is made when what the former one caused has been said. */
async function recordedVisit(binary, browser, name, callsOf) {
  await within(binary, browser, CHAT, async standin => {
    const recording = await recorder(standin.base);
    standin.via = recording.base;
    const people = await People.using(CHAT, browser, recording.base);
    for (const call of callsOf(standin, await people.open())) {
      await call();
      await pause(QUIET_MS);
    }
    await recording.save(name);
    people.close();
    recording.close();
  });
}

const profileCalls = (standin, ada) => [
  () => rest(standin, 'im_open_login_svc/account_import', { UserID: 'bob', Nick: 'Bob', FaceUrl: 'https://pictures.example.com/bob.png' }),
  () => ada.login('ada'),
  () => ada.keep('getMyProfile'),
  () => ada.keep('getUserProfile', { userIDList: ['bob', 'nobody'] }),
  () => ada.keep('updateMyProfile', { nick: 'Älice Ω <1>', gender: 'Gender_Type_Female', language: 7, level: 3 }),
  () => ada.keep('updateMyProfile', { profileCustomField: [{ key: 'Tag_Profile_Custom_Test1', value: 'My custom profile 1' }] }),
  () => ada.refuse('updateMyProfile', { location: 'x'.repeat(17) }),
  () => ada.keep('addFriend', { to: 'bob', source: 'AddSource_Type_Web', type: 'Add_Type_Both', remark: 'Bobby', groupName: 'Work' }),
  () => ada.keep('updateFriend', { userID: 'bob', remark: 'Robert' }),
  () => ada.keep('checkFriend', { userIDList: ['bob'], type: 'CheckResult_Type_Both' }),
  () => rest(standin, 'profile/portrait_set', { From_Account: 'bob', ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: 'Bob changed' }] }),
  () => ada.keep('addToBlacklist', { userIDList: ['bob'] }),
  () => ada.keep('removeFromBlacklist', { userIDList: ['bob'] }),
  () => ada.keep('logout'),
];

/** The build of the older SDK that knows no friends: profiles and the black list. */
async function plain(binary, browser) {
  const sdk = TIM_PLAIN;
  await within(binary, browser, sdk, async (standin, people) => {
    const [ada, bob] = [await people.enter('ada'), await people.enter('bob')];
    check(of(sdk)('getMyProfile'), (await ada.keep('getMyProfile')).userID, 'ada');
    await ada.forget();
    check(of(sdk)('updateMyProfile'), (await ada.keep('updateMyProfile', { nick: 'Ada' })).nick, 'Ada');
    check(of(sdk)('PROFILE_UPDATED'), (await ada.hears('PROFILE_UPDATED')).value[0].nick, 'Ada');
    check(of(sdk)('getUserProfile'), (await bob.keep('getUserProfile', { userIDList: ['ada'] }))[0].nick, 'Ada');
    await ada.keep('addToBlacklist', { userIDList: ['bob'] });
    check(of(sdk)('BLACKLIST_UPDATED'), (await ada.hears('BLACKLIST_UPDATED', list => list.length > 0)).value, ['bob']);
    await ada.keep('logout');
    for (const who of [ada, bob]) check(of(sdk)('no fault in the page'), who.faults, []);
  });
}

/** A server of its own that keeps its port over a restart, with the custom fields of the vendor's page. */
async function within(binary, browser, sdk, checks) {
  const standin = await Standin.fresh(binary, { STANDIN_LISTEN: `127.0.0.1:${await freePort()}`, STANDIN_SDK_APP_ID: String(SDK_APP_ID) });
  const people = await People.using(sdk, browser, standin.base);
  try {
    for (const name of ['Test1', 'Test2']) await standin.command('app', 'field', 'add', name);
    await checks(standin, people);
  } finally {
    people.close();
    await standin.close();
  }
}

async function freePort() {
  const server = createServer();
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  await new Promise(closed => server.close(closed));
  return port;
}
