/**
 * mirrorfly-sdk 4.17.0, the other version that npm holds: sign-in, profiles, an avatar, contacts, a page reload and logout, on trial and live.
 */

import { check, eventually, holds, within } from './check.mjs';
import { HOST, LIVE, PNG, TRIAL, URL, served } from './mirrorfly_client.mjs';

const SCRIPT = 'mirrorfly-sdk-4.17.0/build/index.js';

export async function run(binary) {
  for (const mode of [TRIAL, LIVE]) {
    await served(binary, mode, ({ standin, open, reopen }) => scenario(standin, mode, open, reopen), SCRIPT);
  }
}

async function scenario(server, mode, open, reopen) {
  const of = what => `4.17.0, ${mode.name}: ${what}`;
  const [ada, bob] = [await open(), await open()];
  const kept = {};
  for (const [id, who] of Object.entries({ ada, bob })) {
    const registered = await who.call('register', id);
    check(of(`register ${id}`), [registered.statusCode, registered.data?.username], [200, id]);
    kept[id] = registered.data.password;
    check(of(`connect ${id}`), (await who.call('connect', id, kept[id])).statusCode, 200);
  }
  check(of('syncContacts'), (await bob.call('syncContacts', 'ada')).statusCode, 200);

  const given = ['Älice Ω <1>', URL, 'a "status"', '+62 812', 'ada@example.com'];
  await bob.forget();
  check(of('setUserProfile'), (await ada.call('setUserProfile', ...given)).statusCode, 200);
  const told = await eventually(of('userProfileListener'), async () => (await bob.heard('userProfileListener')).at(-1));
  check(of('userProfileListener of the friend'), shown(told), given);
  check(of('getUserProfile'), shown((await bob.call('getUserProfile', 'ada')).data), given);
  check(of('getFriendsList'), (await bob.call('getFriendsList')).data.users.map(shown), [given]);
  const uploaded = await within(of('avatar'), ada.page.evaluate(base64 => {
    const file = new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], 'a.png', { type: 'image/png' });
    return window.MirrorFly.setUserProfile('Ada', file, '', '', 'ada@example.com');
  }, PNG));
  check(of('setUserProfile with a file'), [uploaded.statusCode, uploaded.fileToken?.length], [200, 22]);
  check(of('the avatar'), (await bob.call('getUserProfile', 'ada')).data.image, uploaded.fileToken);
  const named = await ada.call('getUsersList', 'Ada');
  check(of('getUsersList by name'), named.users.map(user => [user.userId, user.nickName]), [['ada', 'Ada']]);

  const toAda = `ada@${HOST}`;
  check(of('getLastSeen'), (await bob.call('getLastSeen', toAda)).data.seconds, 0);
  check(of('blockUser'), (await bob.call('blockUser', toAda)).statusCode, 200);
  check(of('getUsersIBlocked'), (await bob.call('getUsersIBlocked')).data, [{ jid: toAda }]);
  check(of('unblockUser'), (await bob.call('unblockUser', toAda)).statusCode, 200);

  const again = await reopen();
  check(of('connect after a reload'), (await again.call('connect', 'bob', kept.bob)).statusCode, 200);
  check(of('getFriendsList after a reload'), (await again.call('getFriendsList')).data.users.map(user => user.nickName), ['Ada']);
  await again.forget();
  check(of('setUserProfile again'), (await ada.call('setUserProfile', 'Ada Ω', '', '', '', 'ada@example.com')).statusCode, 200);
  const heard = await eventually(of('reload'), async () => (await again.heard('userProfileListener')).at(-1));
  check(of('userProfileListener after a reload'), heard.nickName, 'Ada Ω');

  check(of('logout'), (await ada.call('logout')).statusCode, 200);
  holds(of('no call after it'), (await ada.call('getFriendsList')).statusCode !== 200);
  for (const [id, who] of Object.entries({ ada, bob, again })) check(of(`no fault in the page of ${id}`), who.faults, []);
}

function shown(user) {
  return [user.nickName, user.image, user.status, user.mobileNumber, user.email];
}
