/**
 * How a session begins and ends: UserSigs, kicks, a server that restarts, forty quiet seconds, logout.
 */

import { deflateSync, inflateSync } from 'node:zlib';

import { check, eventually, holds, never, pause } from './check.mjs';
import { ADMINISTRATOR, SDK_APP_ID, portrait, rest, userSig } from './tencent_client.mjs';

/** How long nothing is done in a session that must stay whole: three heartbeats and more. */
const IDLE_MS = 40_000;

const CODED = [['+', '*'], ['/', '-'], ['=', '_']];
const altered = (userID, change) => {
  const packed = CODED.reduce((text, [plain, coded]) => text.replaceAll(coded, plain), userSig(userID));
  const facts = JSON.parse(inflateSync(Buffer.from(packed, 'base64')));
  const again = deflateSync(JSON.stringify(change(facts))).toString('base64');
  return CODED.reduce((text, [plain, coded]) => text.replaceAll(plain, coded), again);
};

/** UserSigs that are no good, and what the vendor calls that. */
const BAD_SIGS = [
  ['cut off', userID => userSig(userID).slice(0, -20), 70003],
  ['of another user', () => userSig('somebody'), 70013],
  ['whose user is changed', userID => altered('somebody', facts => ({ ...facts, 'TLS.identifier': userID })), 70009],
  ['of another app', userID => userSig(userID, { sdkAppID: SDK_APP_ID + 1 }), 70014],
  ['of another key', userID => userSig(userID, { secret: 'f'.repeat(64) }), 70009],
  ['whose life is stretched', userID => altered(userID, facts => ({ ...facts, 'TLS.expire': 9_999_999 })), 70009],
  ['that has expired', userID => userSig(userID, { lifetimeS: 0 }), 70001],
];

/** Every way into the standin, and every way that is shut. */
export async function signingIn(of, standin, people) {
  const ada = await people.open();
  check(of('getMyProfile before login'), typeof await ada.refuse('getMyProfile'), 'number');
  for (const [what, sig, code] of BAD_SIGS) {
    check(of(`login with a UserSig ${what}`), await ada.refuse('login', { userID: 'ada', userSig: sig('ada') }), code);
    const answer = await rest(standin, 'profile/portrait_get', { To_Account: ['ada'], TagList: ['Tag_Profile_IM_Nick'] }, sig(ADMINISTRATOR));
    check(of(`REST with a UserSig ${what}`), [answer.ActionStatus, answer.ErrorCode], ['FAIL', code]);
  }
  const answer = await ada.login('ada');
  check(of('login'), [answer.actionStatus, answer.errorCode], ['OK', 0]);
  holds(of('login: what a session is made of'), answer.a2Key.length >= 20 && /^\d+$/.test(answer.tinyID) && answer.instanceID > 0
    && answer.helloInterval > 0 && Math.abs(answer.timeStamp - Date.now() / 1000) < 60, answer);
  check(of('login again'), (await ada.keep('login', { userID: 'ada', userSig: userSig('ada') })).repeatLogin, true);
  check(of('the page of who signs in'), ada.faults, []);
  await ada.close();

  const bySdk = await people.enter('new-here');
  check(of('a UserSig makes an account'), (await bySdk.keep('getMyProfile')).userID, 'new-here');
  await bySdk.close();
  check(of('an account by a UserSig'), await accountStatus(standin, 'new-here'), 'Imported');
  await standin.command('app', 'set', '--import-at-login', 'false');
  const turnedAway = await people.open();
  check(of('login of an unknown user where that is off'), await turnedAway.refuse('login', { userID: 'newer', userSig: userSig('newer') }), 70107);
  check(of('no account by it'), await accountStatus(standin, 'newer'), 'NotImported');
  await standin.command('app', 'set', '--import-at-login', 'true');
  await turnedAway.close();
}

async function accountStatus(standin, UserID) {
  return (await rest(standin, 'im_open_login_svc/account_check', { CheckItem: [{ UserID }] })).ResultItem[0].AccountStatus;
}

/** `ada` is logged in, `bob` her friend too. */
export async function kicks(of, standin, people, { ada, bob }) {
  await ada.forget();
  const second = await people.enter('ada');
  await kicked(of, 'a second session kicks the first', ada, 'multipleAccount');
  check(of('the second session'), (await second.keep('updateMyProfile', { nick: 'Second' })).nick, 'Second');
  await second.forget();
  await ada.login('ada');
  await kicked(of, 'the first comes back and kicks the second', second, 'multipleAccount');
  await second.close();

  await ada.forget();
  const before = userSig('ada');
  check(of('kick by the back end'), (await rest(standin, 'im_open_login_svc/kick', { UserID: 'ada' })).ActionStatus, 'OK');
  await kicked(of, 'the back end kicks', ada, 'REST_API_Kick');
  check(of('login with a UserSig from before a kick'), await ada.refuse('login', { userID: 'ada', userSig: before }), 70001);
  await pause(1_100); // a UserSig counts seconds
  await ada.login('ada');
  check(of('login with a UserSig from after it'), (await ada.keep('getMyProfile')).userID, 'ada');

  await bob.forget();
  const suspended = await standin.qiscusRest('DELETE', 'deactivate_users', { user_ids: ['bob'] });
  check(of('a user is suspended over Qiscus'), suspended.status, 200);
  await kicked(of, 'suspension kicks', bob);
  check(of('login of who is suspended'), await bob.refuse('login', { userID: 'bob', userSig: userSig('bob') }), 70051);
  await standin.qiscusRest('POST', 'reactivate_users', { user_ids: ['bob'] });
  await pause(1_100);
  await bob.login('bob');
  check(of('login of who is active again'), (await bob.keep('getMyProfile')).userID, 'bob');
}

async function kicked(of, what, who, type) {
  const { value } = await who.hears('KICKED_OUT');
  if (type) check(of(what), value, { type });
  else holds(of(what), ['REST_API_Kick', 'userSigExpired'].includes(value.type), value);
  await who.hears('SDK_NOT_READY');
  holds(of(`${what}: no call after it`), [3003, 3004, 3006].includes(await who.refuse('updateMyProfile', { nick: 'x' })));
}

/** Nobody logs in again: the tickets are as good afterwards as before. */
export async function restart(of, standin, { ada, bob }) {
  for (const who of [ada, bob]) await who.forget();
  await standin.halt();
  await standin.start();
  for (const [name, who] of [['ada', ada], ['bob', bob]]) {
    await eventually('a call after a restart', async () => (await who.call('updateMyProfile', { nick: `${name} goes on` })).kept, 30_000);
    check(of(`${name} goes on after a restart`), await portrait(standin, name, 'Tag_Profile_IM_Nick'), `${name} goes on`);
  }
  // Both were connecting at their own pace: what is changed from now on is heard by both.
  await bob.forget();
  await ada.keep('updateMyProfile', { nick: 'After the restart' });
  // The change that ada made before bob was back may be told first, late as it is: it was missed.
  const isNew = ([told]) => told.userID === 'ada' && told.nick === 'After the restart';
  const { value: [told] } = await bob.hears('PROFILE_UPDATED', isNew);
  check(of('PROFILE_UPDATED after a restart'), told.nick, 'After the restart');
  for (const who of [ada, bob]) check(of('nobody was kicked'), await who.heard('KICKED_OUT'), []);
}

export async function leaving(of, { ada, bob }) {
  await ada.forget();
  await ada.keep('logout');
  await ada.hears('SDK_NOT_READY');
  holds(of('no call after logout'), typeof await ada.refuse('updateMyProfile', { nick: 'x' }) === 'number');
  await ada.forget();
  await bob.keep('updateMyProfile', { nick: 'Bob alone' });
  await never(of('nothing is heard after logout'), async () => (await ada.heard('PROFILE_UPDATED'))[0], 500);
  await ada.login('ada');
  check(of('login after logout'), (await ada.keep('getMyProfile')).userID, 'ada');
}

/** Nothing is said for a while, neither by who is logged in nor by who is not yet, or no more; the SDK's own heartbeats must be enough. */
export async function idling(of, people) {
  const ada = await people.enter('idler');
  const gone = await people.enter('gone');
  await gone.keep('logout');
  const idlers = { 'logged in': ada, 'not logged in': await people.open(), 'logged out': gone };
  for (const who of Object.values(idlers)) await who.forget();
  await pause(IDLE_MS);
  for (const [name, who] of Object.entries(idlers)) {
    check(of(`${IDLE_MS / 1000} s idle, ${name}: one socket since it was opened`), who.sockets, 1);
    const lost = (await who.heard('NET_STATE_CHANGE')).filter(({ value }) => value.state !== 'connected');
    check(of(`${name}: nothing happened to it`), [...lost, ...await who.heard('KICKED_OUT'), ...await who.heard('SDK_NOT_READY')], []);
  }
  check(of('a call after it'), (await ada.keep('updateMyProfile', { nick: 'Awake' })).nick, 'Awake');
  for (const who of Object.values(idlers)) await who.close();
}
