/**
 * One user on three wires: what is changed by Tencent's SDK is heard in MirrorFly's and seen at Qiscus, and the other way round.
 */

import { serveApp } from './browser.mjs';
import { check, eventually } from './check.mjs';
import * as mirrorfly from './mirrorfly.mjs';
import { LICENSE_KEY, Standin } from './standin.mjs';
import { CHAT, People, SDK_APP_ID } from './tencent_client.mjs';

const of = what => `wires: ${what}`;

export async function wires(binary, browser) {
  const { base, variables } = mirrorfly.TRIAL;
  const server = await Standin.fresh(binary, {
    ...variables, STANDIN_PUBLIC_URL: base, STANDIN_APP_REGISTRATION: 'open', STANDIN_SDK_APP_ID: String(SDK_APP_ID),
  });
  const app = await serveApp([mirrorfly.SCRIPT], 'localhost');
  const people = await People.using(CHAT, browser, server.base);
  try {
    const bob = await mirrorfly.client(browser, app, mirrorfly.TRIAL);
    const { data } = await bob.call('register', 'bob');
    check(of('bob connects by MirrorFly'), (await bob.call('connect', 'bob', data.password)).statusCode, 200);
    // Whoever chooses a password ends every session, so it is chosen before the first.
    await atQiscus(server, 'Ada');
    const ada = await people.enter('ada');
    await toMirrorFly(server, ada, bob);
    await picture(server, ada);
    await fromQiscus(server, people, ada);
  } finally {
    people.close();
    app.close();
    await server.close();
  }
}

/** A friend on Tencent's wire is a contact on MirrorFly's. */
async function toMirrorFly(server, ada, bob) {
  await ada.keep('addFriend', { to: 'bob', source: 'AddSource_Type_Web', type: 'Add_Type_Both' });
  await ada.hears('FRIEND_LIST_UPDATED', friends => friends.length === 1);
  const contacts = await eventually('contacts', async () => (await bob.call('getFriendsList')).data.users);
  check(of('a friend is a contact over MirrorFly'), contacts.map(({ userId }) => userId), ['ada']);
  await bob.forget();
  const { at } = await ada.call('updateMyProfile', { nick: 'Ada Ω', avatar: 'https://pictures.example.com/ada.png', selfSignature: 'By Tencent' });
  const told = await eventually('userProfileListener', async () =>
    (await bob.heard('userProfileListener')).find(told => told.nickName === 'Ada Ω'));
  check(of('userProfileListener after updateMyProfile'), [told.userId, told.image, told.status],
    ['ada', 'https://pictures.example.com/ada.png', 'By Tencent']);
  console.log(`      updateMyProfile to userProfileListener: ${(await bob.heardAt('userProfileListener')) - at} ms`);
  const seen = await server.qiscusRest('GET', 'user_profile?user_id=ada');
  const { username, avatar_url } = seen.json.results.user;
  check(of('user_profile of Qiscus after it'), [username, avatar_url], ['Ada Ω', 'https://pictures.example.com/ada.png']);
}

async function picture(server, ada) {
  const form = new FormData();
  for (const [key, value] of Object.entries({ deviceType: 'web', userIdentifier: 'carol', nickname: 'Carol', email: 'carol@example.com' })) form.set(key, value);
  form.set('licenseKey', LICENSE_KEY);
  form.set('profileFile', new Blob([Buffer.from(mirrorfly.PNG, 'base64')], { type: 'image/png' }), 'carol.png');
  const made = await fetch(`${server.base}/api/v1/users/createUser`, { method: 'POST', headers: { Authorization: await server.backEndToken() }, body: form });
  check(of('createUser of MirrorFly with a picture'), (await made.json()).status, 200);
  const [carol] = await ada.keep('getUserProfile', { userIDList: ['carol'] });
  check(of('her nick'), carol.nick, 'Carol');
  // The name is one that browsers resolve by themselves.
  const shown = await fetch(carol.avatar.replace(mirrorfly.TRIAL.base, server.base));
  check(of('her picture is her avatar'), [shown.status, shown.headers.get('content-type')], [200, 'image/png']);
}

/** Ada is called so from now on. */
async function atQiscus(server, username) {
  const changed = await server.qiscusRest('POST', 'login_or_register', { user_id: 'ada', username, password: 'chosen-1' });
  check(of(`login_or_register of Qiscus names her ${username}`), changed.status, 200);
}

async function fromQiscus(server, people, ada) {
  const eve = await people.enter('eve');
  await eve.keep('addFriend', { to: 'ada', source: 'AddSource_Type_Web', type: 'Add_Type_Single' });
  await eve.hears('FRIEND_LIST_UPDATED', friends => friends.length === 1);
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    for (const who of [ada, eve]) await who.forget();
    const at = Date.now();
    await atQiscus(server, `Qiscus ${n}`);
    for (const [name, who] of [['the user', ada], ['the friend', eve]]) {
      const heard = await who.hears('PROFILE_UPDATED', ([told]) => told.userID === 'ada');
      check(of(`PROFILE_UPDATED of ${name} after it`), heard.value[0].nick, `Qiscus ${n}`);
      times.push(heard.at - at);
    }
  }
  console.log(`      REST call at Qiscus to PROFILE_UPDATED: ${times.join(', ')} ms`);
}
