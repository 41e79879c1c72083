/**
 * The package mirrorfly-sdk against the built server, in pages of another origin: on trial over plain HTTP and `ws`, live over TLS.
 */

import { createRequire } from 'node:module';

import { openBrowser, serveApp } from './browser.mjs';
import { check, eventually, holds, never, within } from './check.mjs';
import { client, HOST, LIVE, PNG, SCRIPT, TRIAL, URL, served } from './mirrorfly_client.mjs';
import * as chat from './mirrorfly_chat.mjs';
import * as older from './mirrorfly_older.mjs';
import * as reload from './mirrorfly_reload.mjs';
import { makeDriver } from './qiscus_driver.mjs';
import { recorder } from './record.mjs';
import { APP_ID, LICENSE_KEY, Standin } from './standin.mjs';

export { client, PNG, SCRIPT, TRIAL };

export async function run(binary) {
  if (process.env.RECORD) {
    await recorded(binary, 'trial', visit);
    return recorded(binary, 'chat', conversation);
  }
  for (const mode of [TRIAL, LIVE]) await served(binary, mode, ({ standin, open }) => scenario(standin, mode, open));
  await chat.run(binary);
  await reload.run(binary);
  await older.run(binary);
}

/** One person on trial, for the replay. Whoever records stands where the SDK looks for the server. */
async function recorded(binary, name, doings) {
  const standin = await Standin.fresh(binary, { STANDIN_PUBLIC_URL: TRIAL.base, STANDIN_APP_REGISTRATION: 'open' });
  const recording = await recorder(standin.base, 80);
  const app = await serveApp([SCRIPT], 'localhost');
  const browser = await openBrowser();
  try {
    const ada = await client(browser, app, TRIAL);
    const good = async (name, ...args) => {
      const answer = await ada.call(name, ...args);
      check(`recorded: ${name}`, answer.statusCode, 200);
      return answer;
    };
    const { data } = await good('register', 'ada');
    await good('connect', 'ada', data.password);
    await doings(good, ada, recording.base);
    await good('logout');
    // The SDK closes its socket afterwards.
    await ada.page.waitForTimeout(1_000);
    await recording.save(`mirrorfly-${name}`);
  } finally {
    await browser.close();
    app.close();
    await recording.close();
    await standin.close();
  }
}

async function visit(good) {
  await good('setUserProfile', 'Älice Ω <1>', URL, 'a "status" & more', '+62 812', 'ada@example.com');
  await good('getUserProfile', 'ada');
  await good('getFriendsList');
  await good('getUsersList');
  await good('updateMetaData', { city: 'Bandung' });
  await good('getMetaData');
}

/** Each chat call of the SDK once. The other user speaks through the call for back ends. */
async function conversation(good, ada, base) {
  const post = async (path, body, token) => {
    const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: token } : {}) };
    const answer = await fetch(`${base}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const said = await answer.json();
    check(`recorded: ${path}`, said.status, 200);
    return said;
  };
  const bob = await post('sandbox/register', { userIdentifier: 'bob', licenseKey: LICENSE_KEY, deviceType: 'web' });
  const heard = (what, is) => eventually(what, async () => (await ada.heard('messageListener')).find(is));
  const done = type => heard(`the confirmation of ${type}`, message => message.msgType === 'acknowledge' && message.type === type);
  const toBob = `bob@${HOST}`;
  await good('getRecentChatsByPagination');
  await good('sendTextMessage', { toJid: toBob, messageText: 'Hi Ω <1> 👋 50%', metaData: { room: 'blue' } });
  const { msgId: first } = await done('acknowledge');
  const sent = await post('chat/sendmessage', { toUser: 'ada', message: 'An answer', replyTo: first }, bob.token);
  const answer = sent.data.messageId;
  await heard('the answer', message => message.msgId === answer);
  await done('delivered');
  await good('sendSeenStatus', toBob, answer);
  await done('seen');
  await good('getRecentChatsByPagination');
  await good('getRecentChats');
  await good('getChatMessages', { toJid: toBob });
  await good('getReplyMessage', first);
  await good('getMessageById', first, toBob);
  await ada.forget();
  await good('editTextMessage', { messageId: first, editedTextContent: 'Hi again' });
  await done('acknowledge');
  for (const name of ['sendTypingStatus', 'sendTypingGoneStatus']) await good(name, toBob);
  await good('updateArchiveChat', toBob, true);
  await good('getAllArchivedChats');
  await good('updateArchiveChat', toBob, false);
  await good('deleteMessagesForEveryone', toBob, [first]);
  await done('recall');
  await good('deleteMessagesForMe', toBob, [answer]);
  await good('clearChat', toBob);
  await good('deleteChat', toBob);
  await good('getRecentChats');
}

async function scenario(standin, mode, open) {
  const of = what => `${mode.name}: ${what}`;
  const [ada, bob, eve] = [await open(), await open(), await open()];
  check(of('initializeSDK'), ada.initialised.statusCode, 200);

  const made = {};
  for (const [id, who] of Object.entries({ ada, bob, eve })) {
    const registered = await who.call('register', id);
    check(of(`register ${id}`), [registered.statusCode, registered.data?.username, registered.data?.isProfileUpdated], [200, id, false]);
    made[id] = registered.data;
  }
  check(of('userJid'), made.ada.userJid, `ada@${HOST}`);
  await signingIn(of, standin, open, made, { ada, bob, eve });
  await contacts(of, standin, { ada, bob, eve });
  await profiles(of, standin, { ada, bob, eve });
  await otherWires(of, standin, mode, { ada, bob, eve });
  await inQiscus(of, standin, made, ada);
  await lists(of, standin, { ada });
  await blocks(of, { ada, bob });
  await settings(of, { ada });
  await recovery(of, standin, { ada, bob });
  await leaving(of, standin, { ada });
  await turnedAway(of, standin, { bob });
  for (const [id, who] of Object.entries({ ada, bob, eve })) check(of(`no fault in the page of ${id}`), who.faults, []);
}

async function signingIn(of, standin, open, made, people) {
  const stranger = await open();
  const wrong = await stranger.call('connect', 'ada', 'wrong-password');
  check(of('connect with a wrong password'), [wrong.statusCode, wrong.message], [400, 'Invalid Credentials']);
  const nobody = await stranger.call('connect', 'nobody', 'wrong-password');
  check(of('connect of an unknown user'), [nobody.statusCode, nobody.message], [400, 'Invalid Credentials']);
  const upper = await stranger.call('register', 'Ada');
  check(of('register refuses upper case without a call'), upper.statusCode, 400);
  await stranger.page.context().close();
  for (const [id, who] of Object.entries(people)) {
    const connected = await who.call('connect', id, made[id].password);
    check(of(`connect ${id}`), [connected.statusCode, connected.message], [200, 'Login Success']);
    check(of(`connectionListener of ${id}`), (await who.heard('connectionListener')).at(-1)?.status, 'CONNECTED');
  }
  const again = await people.ada.call('connect', 'ada', made.ada.password);
  check(of('connect while connected'), again.statusCode, 409);
}

async function contacts(of, standin, { ada, bob }) {
  const none = await ada.call('getFriendsList');
  check(of('getFriendsList without friends'), none.data, { users: [], permission: 1 });
  await ada.forget();
  check(of('syncContacts'), (await ada.call('syncContacts', 'bob')).statusCode, 200);
  check(of('syncContacts of an unknown user'), (await ada.call('syncContacts', 'nobody')).statusCode, 400);
  const told = await eventually('the list of friends', async () => (await ada.heard('friendsListListener')).at(-1));
  check(of('friendsListListener'), told.users.map(user => user.userId), ['bob']);
  const friends = await ada.call('getFriendsList');
  check(of('getFriendsList'), friends.data.users.map(user => [user.userId, user.userJid, user.isFriend, user.isAdminBlocked]),
    [['bob', `bob@${HOST}`, true, false]]);
  check(of('getRegisteredUsers'), (await ada.call('getRegisteredUsers')).data.users.map(user => user.userId), ['bob']);
  check(of('getFriendsList of the other side'), (await bob.call('getFriendsList')).data.users, []);
}

async function profiles(of, standin, { ada, bob, eve }) {
  for (const who of [ada, bob, eve]) await who.forget();
  const given = ['Älice Ω <1>', URL, 'a "status" & more', '+62 812', 'ada@example.com'];
  const set = await ada.call('setUserProfile', ...given);
  check(of('setUserProfile with an address'), set.statusCode, 200);
  const expected = {
    nickName: given[0], image: URL, thumbImage: URL, status: given[2], mobileNumber: given[3], email: given[4],
    fromUser: 'ada', userId: 'ada',
  };
  const fields = value => Object.fromEntries(Object.keys(expected).map(key => [key, value[key]]));
  for (const [name, who] of [['the user', ada], ['the friend', bob]]) {
    const told = await eventually(name, async () => (await who.heard('userProfileListener')).at(-1));
    check(of(`userProfileListener of ${name}`), fields(told), expected);
  }
  await never(of('userProfileListener of a user that is no contact'), async () => (await eve.heard('userProfileListener'))[0]);

  const seen = await eve.call('getUserProfile', 'ada');
  check(of('getUserProfile'), fields(seen.data), expected);
  check(of('getUserProfile by JID'), fields((await eve.call('getUserProfile', `ada@${HOST}`)).data), expected);
  const unknown = await eve.call('getUserProfile', 'nobody');
  check(of('getUserProfile of an unknown user'), [unknown.statusCode, unknown.message], [400, 'User not available']);

  const uploaded = await within('setUserProfile', ada.page.evaluate(base64 => {
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const file = new File([bytes], 'a.png', { type: 'image/png' });
    return window.MirrorFly.setUserProfile('Ada', file, 'hello', '+62 812', 'ada@example.com');
  }, PNG));
  check(of('setUserProfile with a file'), [uploaded.statusCode, uploaded.fileToken.length], [200, 22]);
  const shown = (await bob.call('getUserProfile', 'ada')).data;
  check(of('the picture is named by its token'), [shown.image, shown.thumbImage], [uploaded.fileToken, uploaded.fileTokenThumb]);
  const url = await bob.call('getMediaURL', uploaded.fileToken);
  holds(of('getMediaURL'), /^blob:/.test(JSON.stringify(url).match(/blob:[^"]*/)?.[0] ?? ''), url);
  const text = await within('setUserProfile', ada.page.evaluate(() =>
    window.MirrorFly.setUserProfile('Ada', new File(['no picture'], 'a.png', { type: 'image/png' }), '', '', 'ada@example.com')));
  holds(of('setUserProfile with a file that is no picture'), text.statusCode !== 200, text);
  check(of('setUserProfile without an e-mail address'), (await ada.call('setUserProfile', 'Ada', '', '', '', '')).statusCode, 400);

  check(of('setUserProfile clears what is empty'), (await ada.call('setUserProfile', 'Ada', '', '', '', 'ada@example.com')).statusCode, 200);
  const cleared = (await bob.call('getUserProfile', 'ada')).data;
  check(of('what is cleared'), [cleared.image, cleared.thumbImage, cleared.status, cleared.mobileNumber], ['', '', '', '']);
  const long = await ada.call('setUserProfile', 'x'.repeat(501), '', '', '', 'ada@example.com');
  check(of('setUserProfile with a name that is too long'), long.statusCode, 500);
}

async function otherWires(of, standin, mode, { ada, bob, eve }) {
  const change = username => standin.qiscusRest('POST', 'login_or_register', { user_id: 'ada', username, password: 'chosen-1' });
  // The first one chooses a password, which ends her sessions and the password that was issued.
  await change('Ada');
  await eventually(of('AUTHFAIL after a password was chosen'), async () =>
    (await ada.heard('connectionListener')).find(heard => heard.status === 'AUTHFAIL'));
  check(of('connect with the chosen password'), (await ada.call('connect', 'ada', 'chosen-1')).statusCode, 200);
  const times = [];
  for (let n = 0; n < 10; n += 1) {
    await bob.forget();
    const before = Date.now();
    check(of('a change over Qiscus REST'), (await change(`Ada ${n}`)).status, 200);
    const told = await eventually('userProfileListener', async () => (await bob.heard('userProfileListener')).at(-1));
    check(of('userProfileListener of the friend after it'), [told.nickName, told.userId], [`Ada ${n}`, 'ada']);
    times.push((await bob.heardAt('userProfileListener')) - before);
  }
  times.sort((a, b) => a - b);
  console.log(`      REST call to event in the friend's SDK: ${times.join(', ')} ms`);

  const registered = await standin.call('POST', '/api/v1/sandbox/register', {
    body: { deviceType: 'web', licenseKey: LICENSE_KEY, userIdentifier: 'bob' },
  });
  const token = registered.json.token;
  const form = new FormData();
  form.set('userId', 'ada');
  const blocked = await fetch(`${standin.base}/api/v1/users/block`, { method: 'POST', headers: { Authorization: token }, body: form });
  check(of('bob blocks ada'), (await blocked.json()).status, 200);
  await bob.forget();
  await change('Ada behind a block');
  await never(of('userProfileListener across a block'), async () => (await bob.heard('userProfileListener'))[0]);
  const unblocked = await fetch(`${standin.base}/api/v1/users/unblock`, { method: 'POST', headers: { Authorization: token }, body: form });
  check(of('bob unblocks ada'), (await unblocked.json()).status, 200);
}

/** A change by this SDK reaches the other vendor's SDK: bob has a Qiscus app too. */
async function inQiscus(of, standin, made, ada) {
  const driver = makeDriver(createRequire(import.meta.url)('qiscus-sdk-core'));
  const bob = await driver.open({ AppId: APP_ID, baseURL: standin.base });
  const entered = await driver.call(bob, 'setUser', ['bob', made.bob.password]);
  check(of('bob logs in to Qiscus by the password MirrorFly issued'), entered.kept?.user?.email, 'bob');
  const picture = `${URL}?2`;
  const set = await ada.call('setUserProfile', 'Ada behind a block', picture, 'hello', '+62 812', 'ada@example.com');
  check(of('setUserProfile for both vendors'), set.statusCode, 200);
  const message = await eventually('newMessagesCallback', async () => driver.heard(bob, 'newMessagesCallback').flat().at(-1));
  const { type, payload } = message;
  check(of('newMessagesCallback of Qiscus'), [type, payload.type, payload.content.user.avatar_url], ['custom', 'profile_changed', picture]);
  await driver.call(bob, 'disconnect', []);
}

async function lists(of, standin, { ada }) {
  check(of('getMetaData of none'), (await ada.call('getMetaData')).statusCode, 200);
  const meta = await ada.call('updateMetaData', { city: 'Bandung' });
  check(of('updateMetaData'), meta.statusCode, 200);
  check(of('getMetaData'), JSON.stringify(await ada.call('getMetaData')).includes('"city":"Bandung"'), true);
  const all = await ada.call('getUsersList');
  check(of('getUsersList'), [all.users.map(user => user.userId), all.totalPages, all.totalUsers], [['ada', 'bob', 'eve'], 1, 3]);
  const paged = await ada.call('getUsersList', '', 2, 2);
  check(of('getUsersList by pages'), [paged.users.map(user => user.userId), paged.totalPages], [['eve'], 2]);
  const named = await ada.call('getUsersList', 'behind a');
  check(of('getUsersList by name'), named.users.map(user => [user.userId, user.nickName]), [['ada', 'Ada behind a block']]);
  const filtered = await ada.call('getUsersList', '', 1, 20, { metaDataKey: 'city', metaDataValues: ['Bandung', 'Jakarta'] });
  check(of('getUsersList by metadata'), filtered.users.map(user => user.userId), ['ada']);

  check(of('getRecentChats of none'), (await ada.call('getRecentChats')).data, []);
}

async function blocks(of, { ada, bob }) {
  const [toBob, toAda] = [`bob@${HOST}`, `ada@${HOST}`];
  await bob.forget();
  check(of('getUsersIBlocked of none'), (await ada.call('getUsersIBlocked')).data, []);
  check(of('getLastSeen of a user that is online'), (await ada.call('getLastSeen', toBob)).data, { fromUserJid: toBob, seconds: 0 });
  check(of('blockUser'), (await ada.call('blockUser', toBob)).statusCode, 200);
  check(of('blockUser again'), (await ada.call('blockUser', toBob)).statusCode, 200);
  check(of('getUsersIBlocked'), (await ada.call('getUsersIBlocked')).data, [{ jid: toBob }]);
  check(of('getUsersWhoBlockedMe'), (await bob.call('getUsersWhoBlockedMe')).data, [{ jid: toAda }]);
  const told = await eventually(of('messageListener'), async () => (await bob.heard('messageListener')).at(-1));
  check(of('messageListener of the blocked one'), [told.msgType, told.type, told.blockedUserId], ['userBlockStatus', 'block_user', 'ada']);
  for (const [who, whom] of [[ada, toBob], [bob, toAda]]) {
    holds(of('getLastSeen across a block'), (await who.call('getLastSeen', whom)).data.seconds > 0);
  }
  check(of('unblockUser'), (await ada.call('unblockUser', toBob)).statusCode, 200);
  check(of('getUsersIBlocked after it'), (await ada.call('getUsersIBlocked')).data, []);
  holds(of('blockUser of an unknown user'), (await ada.call('blockUser', `nobody@${HOST}`)).statusCode !== 200);
}

async function settings(of, { ada }) {
  check(of('getUserSettings'), (await ada.call('getUserSettings')).data, { archive: 0 });
  check(of('updateUserSettings'), (await ada.call('updateUserSettings', true)).statusCode, 200);
  check(of('getUserSettings after it'), (await ada.call('getUserSettings')).data, { archive: 1 });
  check(of('getMutedUsers'), (await ada.call('getMutedUsers')).data, { muteSettingStatus: false, mutedChats: [] });
  check(of('updateMuteNotification'), (await ada.call('updateMuteNotification', [`bob@${HOST}`], true)).statusCode, 200);
  check(of('updateMuteNotificationSettings'), (await ada.call('updateMuteNotificationSettings', true)).statusCode, 200);
  check(of('getMutedUsers after it'), (await ada.call('getMutedUsers')).data,
    { muteSettingStatus: true, mutedChats: [{ chatId: 'bob', chatType: 'chat' }] });
  const reported = { msgId: '1', message: 'Hi', msgType: 'text', publisherId: 'bob', filename: '', timestamp: 1 };
  check(of('reportUserOrGroup'), (await ada.call('reportUserOrGroup', `bob@${HOST}`, 'chat', [reported])).statusCode, 200);
  check(of('sendFeedback'), (await ada.call('sendFeedback', 'A title', 'A text')).statusCode, 200);
  check(of('sendRegisterUpdate'), (await ada.call('sendRegisterUpdate')).statusCode, 200);
  check(of('getCallLogs'), (await ada.call('getCallLogs')).data?.callLogs ?? [], []);
  check(of('sendTextMessage'), (await ada.call('sendTextMessage', `bob@${HOST}`, 'Hi')).statusCode, 200);
}

async function recovery(of, standin, { ada, bob }) {
  // A token that dies in the middle: the SDK signs in again, and the app sees nothing.
  await ada.call('getMetaData');
  const token = ada.token();
  check(of('a token is ended behind the SDK'), (await standin.mirrorflyRest(token, 'GET', 'logout')).json.status, 200);
  check(of('the token is dead'), (await standin.mirrorflyRest(token, 'GET', 'users/getMetaData')).status, 401);
  check(of('getUserProfile with a dead token'), (await ada.call('getUserProfile', 'bob')).statusCode, 200);
  holds(of('by a token of its own'), ada.token() !== token);

  await standin.halt();
  await standin.start();
  await connected(of('a restart of the server'), ada);
  await connected(of('a restart of the server'), bob);
  check(of('getFriendsList after it'), (await ada.call('getFriendsList')).data.users.map(user => user.userId), ['bob']);
  await bob.forget();
  check(of('setUserProfile after it'), (await ada.call('setUserProfile', 'Ada again', '', '', '', 'ada@example.com')).statusCode, 200);
  const told = await eventually('userProfileListener', async () => (await bob.heard('userProfileListener')).at(-1));
  check(of('userProfileListener after it'), told.nickName, 'Ada again');
}

async function leaving(of, standin, { ada }) {
  check(of('logout'), (await ada.call('logout')).statusCode, 200);
  const after = await ada.call('getFriendsList');
  holds(of('no call after it'), after.statusCode !== 200, after);
}

/** A password that changes under a connected SDK: it reconnects with the old one, and its app gets an error. */
async function turnedAway(of, standin, { bob }) {
  await bob.forget();
  const token = await standin.backEndToken();
  const reset = await standin.mirrorflyRest(token, 'POST', 'users/resetPassword', { userId: 'bob', deviceType: 'web' });
  check(of('the back end resets a password'), reset.json.status, 200);
  const failed = await eventually('AUTHFAIL', async () =>
    (await bob.heard('connectionListener')).find(heard => heard.status === 'AUTHFAIL'));
  check(of('connectionListener'), [failed.status, failed.statusCode], ['AUTHFAIL', 401]);
  const back = await bob.call('connect', 'bob', reset.json.data.password);
  check(of('connect with the new one'), back.statusCode, 200);
}

async function connected(what, who) {
  await eventually(what, async () => {
    // A call that is under way while the socket ends is settled by the SDK never.
    const answer = await who.call('getFriendsList').catch(() => undefined);
    return answer?.statusCode === 200 ? answer : undefined;
  }, 45_000);
  check(what, true, true);
}
