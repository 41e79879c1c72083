/**
 * A page reload: a fresh browser context, in which the app has what it kept and does not register again. On trial and live, each over plain
 * HTTP and over TLS, names are shown in clear, a change is received, and what is written then is stored in clear.
 */

import { check, eventually } from './check.mjs';
import { HOST, MODES, served } from './mirrorfly_client.mjs';
import { LICENSE_KEY } from './standin.mjs';

/** Name, picture, status, mobile number and e-mail address. */
const ADA = ['Älice Ω <1>', '', 'a "status"', '+62 812', 'ada@example.com'];

export async function run(binary) {
  for (const mode of MODES) await served(binary, mode, ({ standin, open, reopen }) => scenario(standin, mode, open, reopen));
}

async function scenario(server, mode, open, reopen) {
  const of = what => `${mode.name}, after a reload: ${what}`;
  const kept = await firstVisit(of, server, open);
  const [ada, bob] = [await reopen(), await reopen()];
  check(of('connect of ada'), (await ada.call('connect', 'ada', kept.ada)).statusCode, 200);
  check(of('connect of bob'), (await bob.call('connect', 'bob', kept.bob)).statusCode, 200);

  const friends = await bob.call('getFriendsList');
  check(of('getFriendsList'), friends.data.users.map(shown), [ADA]);
  check(of('getUserProfile'), shown((await bob.call('getUserProfile', 'ada')).data), ADA);
  const listed = (await bob.call('getUsersList')).users.find(user => user.userId === 'ada');
  check(of('getUsersList'), shown(listed), ADA);

  const changed = ['Ada Ω again', '', 'new', '+49 151', 'ada2@example.com'];
  for (const who of [ada, bob]) await who.forget();
  check(of('setUserProfile'), (await ada.call('setUserProfile', ...changed)).statusCode, 200);
  for (const [name, who] of [['the user', ada], ['the friend', bob]]) {
    const told = await heardOf(who, changed[0], of(name));
    check(of(`userProfileListener of ${name}`), shown(told), changed);
  }
  const token = await server.backEndToken();
  const stored = (await server.mirrorflyRest(token, 'GET', 'users/ada')).json.data;
  check(of('what is stored'), [stored.nickName, stored.emailId, stored.mobileNumber], [changed[0], changed[4], changed[3]]);
  const rest = { deviceType: 'web', licenseKey: LICENSE_KEY, nickname: 'By REST Ω' };
  await bob.forget();
  check(of('a change over REST'), (await server.mirrorflyRest(token, 'POST', 'users/ada', rest)).status, 200);
  const told = await heardOf(bob, 'By REST Ω', of('REST'));
  check(of('userProfileListener after it'), told.nickName, 'By REST Ω');

  await guests(of, server, reopen, bob);
  for (const [id, who] of Object.entries({ ada, bob })) check(of(`no fault in the page of ${id}`), who.faults, []);
}

/** Registers ada, and bob with ada as a contact; returns the passwords that the app stores. */
async function firstVisit(of, server, open) {
  const [ada, bob] = [await open(), await open()];
  const kept = {};
  for (const [id, who] of Object.entries({ ada, bob })) {
    kept[id] = (await who.call('register', id)).data.password;
    check(of(`first visit of ${id}`), (await who.call('connect', id, kept[id])).statusCode, 200);
  }
  check(of('syncContacts'), (await bob.call('syncContacts', 'ada')).statusCode, 200);
  check(of('first setUserProfile'), (await ada.call('setUserProfile', ...ADA)).statusCode, 200);
  for (const who of [ada, bob]) await who.page.context().close();
  return kept;
}

/** A user with an `@` in its id, whom a back end made: by the name that is handed out now, and by the one that former releases did. */
async function guests(of, server, reopen, bob) {
  const token = await server.backEndToken();
  const body = { deviceType: 'web', licenseKey: LICENSE_KEY, userIdentifier: 'guest@example.com', nickname: 'Guest Ω' };
  const made = (await server.mirrorflyRest(token, 'POST', 'users/createUser', body)).json.data;
  check(of('the name that createUser hands out'), made.username, 'guest=40example.com');
  check(of('syncContacts of it'), (await bob.call('syncContacts', made.username)).statusCode, 200);
  const friend = (await bob.call('getFriendsList')).data.users.find(user => user.userId === made.username);
  check(of('the friend'), [friend.userJid, friend.nickName], [`${made.username}@${HOST}`, 'Guest Ω']);
  for (const [n, name] of [made.username, 'guest\\40example.com'].entries()) {
    const guest = await reopen();
    check(of(`connect as ${name}`), (await guest.call('connect', name, made.password)).statusCode, 200);
    await bob.forget();
    const set = ['Guest ' + n, '', '', '', 'guest@example.com'];
    check(of(`setUserProfile as ${name}`), (await guest.call('setUserProfile', ...set)).statusCode, 200);
    for (const [whose, who] of [['its own', guest], ["the friend's", bob]]) {
      const told = await heardOf(who, set[0], of(whose));
      check(of(`${whose} listener, for ${name}`), told.nickName, set[0]);
    }
    check(of(`getUserProfile as ${name}`), (await guest.call('getUserProfile', name)).data.nickName, set[0]);
    await guest.page.context().close();
  }
}

/** The profile with this name that a listener receives: a returning client may receive older changes first. */
function heardOf(who, name, what) {
  return eventually(what, async () => (await who.heard('userProfileListener')).findLast(told => told.nickName === name));
}

function shown(user) {
  return [user.nickName, user.image, user.status, user.mobileNumber, user.email];
}
