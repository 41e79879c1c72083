/**
 * The three calls of the vendor's page about user profiles, with every field of it: what the caller gets, what a friend hears, what the
 * back end sees, and what is refused.
 */

import { check, eventually, holds, never } from './check.mjs';
import { portrait, rest } from './tencent_client.mjs';

/** A profile of somebody who has set nothing, as the SDK shows it. */
const UNSET = {
  nick: '', gender: '', birthday: 0, location: '', selfSignature: '', allowType: 'AllowType_Type_AllowAny', language: 0, avatar: '',
  messageSettings: 0, adminForbidType: 'AdminForbid_Type_None', level: 0, role: 0, profileCustomField: [],
};

/** What each field of updateMyProfile takes, and the tag behind it. */
const FIELDS = [
  ['nick', 'Tag_Profile_IM_Nick', ['My nickname', 'Ünïcödé 你好 <&>', '']],
  ['avatar', 'Tag_Profile_IM_Image', ['http(s)://url/to/image.jpg', 'https://pictures.example.com/a.png', '']],
  ['gender', 'Tag_Profile_IM_Gender', ['Gender_Type_Male', 'Gender_Type_Female', 'Gender_Type_Unknown']],
  ['selfSignature', 'Tag_Profile_IM_SelfSignature', ['My status', '']],
  ['allowType', 'Tag_Profile_IM_AllowType', ['AllowType_Type_NeedConfirm', 'AllowType_Type_DenyAny', 'AllowType_Type_AllowAny']],
  ['birthday', 'Tag_Profile_IM_BirthDay', [20000101, 4_294_967_295, 0]],
  ['location', 'Tag_Profile_IM_Location', ['\u0001\u0002\u0003\u0004Jakarta', 'x'.repeat(16), '']],
  ['language', 'Tag_Profile_IM_Language', [7, 0]],
  ['messageSettings', 'Tag_Profile_IM_MsgSettings', [1, 0]],
  ['adminForbidType', 'Tag_Profile_IM_AdminForbidType', ['AdminForbid_Type_SendOut', 'AdminForbid_Type_None']],
  ['level', 'Tag_Profile_IM_Level', [3, 0]],
  ['role', 'Tag_Profile_IM_Role', [5, 0]],
];

/** Changes that the SDK lets pass, and what the server says to each. */
const LETTER = '\u4f60'; // three bytes, and two by the SDK's own count
const REFUSED = [
  ['a nick of 250 letters of three bytes', { nick: LETTER.repeat(250) }, 40601],
  ['an avatar of 501 bytes', { avatar: 'a'.repeat(501) }, 40601],
  ['a selfSignature of 501 bytes', { selfSignature: 's'.repeat(501) }, 40601],
  ['a custom field of 501 bytes', { profileCustomField: [{ key: 'Tag_Profile_Custom_Test1', value: 'v'.repeat(501) }] }, 40601],
  ['a location of 17 bytes', { location: 'x'.repeat(17) }, 40605],
  ['a negative number', { birthday: -1 }, 40610],
  ['a fraction', { level: 1.5 }, 40610],
  ['a number above 32 bits', { role: 4_294_967_296 }, 40610],
  ['a custom field that is not declared', { profileCustomField: [{ key: 'Tag_Profile_Custom_Nobody', value: 'v' }] }, 40009],
];

/** What is as long as it may be. */
const TAKEN = [
  ['a nick of 500 bytes', { nick: `${LETTER.repeat(166)}ab` }],
  ['an avatar of 500 bytes', { avatar: 'a'.repeat(500) }],
  ['a selfSignature of 500 bytes', { selfSignature: 's'.repeat(500) }],
  ['a custom field of 500 bytes', { profileCustomField: [{ key: 'Tag_Profile_Custom_Test1', value: 'v'.repeat(500) }] }],
];

/** What the SDK itself refuses, without a word to the server. */
const REFUSED_BY_SDK = [
  ['nothing', {}, 2721],
  ['an unknown field', { name: 'x' }, 2721],
  ['an unknown gender', { gender: 'male' }, 2721],
  ['a nick of 251 letters', { nick: 'n'.repeat(251) }, 2721],
  ['messageSettings above 1', { messageSettings: 2 }, 2721],
  ['a custom field without its prefix', { profileCustomField: [{ key: 'Test1', value: 'v' }] }, 2721],
  ['no custom field', { profileCustomField: [] }, 2722],
];

/** How long a change may take until a friend hears of it on one machine, in milliseconds: the median of several. */
const HEARD_MS = 50;

const without = ({ lastUpdatedTime, ...profile }) => profile;

/** `ada` and `bob` are friends, `eve` is neither's; nobody has set anything. */
export async function profiles(of, standin, sdk, people) {
  await reading(of, standin, sdk, people);
  await writing(of, standin, people);
  await customFields(of, standin, people);
  await refusing(of, standin, people);
  await fromTheBackEnd(of, standin, people);
  await atOnce(of, people);
}

async function reading(of, standin, sdk, { ada }) {
  const mine = await ada.keep('getMyProfile');
  check(of('getMyProfile has 15 fields'), Object.keys(mine).length, 15);
  check(of('getMyProfile of who has set nothing'), without(mine), { userID: 'ada', ...UNSET });
  const others = await ada.keep('getUserProfile', { userIDList: ['eve', 'nobody', 'bob'] });
  check(of('getUserProfile'), others.map(without).sort((a, b) => (a.userID < b.userID ? -1 : 1)),
    ['bob', 'eve'].map(userID => ({ userID, ...UNSET })));
  check(of('getUserProfile of an unknown user'), await ada.keep('getUserProfile', { userIDList: [] }), []);
  check(of('getUserProfile of what is no list'), await ada.refuse('getUserProfile', { userIDList: 'bob' }), undefined);

  const AccountList = Array.from({ length: 101 }, (_, n) => ({ UserID: `many${n}`, Nick: `Nick ${n}` }));
  for (const list of [AccountList.slice(0, 100), AccountList.slice(100)]) {
    check(of(`multiaccount_import of ${list.length}`), (await rest(standin, 'im_open_login_svc/multiaccount_import', { AccountList: list })).ActionStatus, 'OK');
  }
  const many = await ada.keep('getUserProfile', { userIDList: AccountList.map(({ UserID }) => UserID) });
  check(of('getUserProfile of 101'), many.map(({ nick }) => nick).sort(),
    AccountList.slice(0, sdk.profilesOf101).map(({ Nick }) => Nick).sort());
}

async function writing(of, standin, { ada, bob, eve }) {
  await eve.forget();
  for (const [field, tag, values] of FIELDS) {
    for (const value of values) {
      for (const who of [ada, bob]) await who.forget();
      const what = `updateMyProfile ${field} ${JSON.stringify(value)}`;
      const updated = await ada.keep('updateMyProfile', { [field]: value });
      check(of(what), [updated.userID, updated[field]], ['ada', value]);
      for (const [name, who] of [['the user', ada], ['the friend', bob]]) {
        const { value: [told] } = await who.hears('PROFILE_UPDATED');
        check(of(`${what}: PROFILE_UPDATED of ${name}`), [told.userID, told[field]], ['ada', value]);
      }
      holds(of(`${what}: the back end`), isShown(await portrait(standin, 'ada', tag), value));
    }
  }
  check(of('getMyProfile after all of it'), without(await ada.keep('getMyProfile')), { userID: 'ada', ...UNSET, gender: 'Gender_Type_Unknown' });

  const all = Object.fromEntries(FIELDS.map(([field, , [first]]) => [field, first]));
  for (const who of [ada, bob]) await who.forget();
  check(of('updateMyProfile of all fields at once'), without(await ada.keep('updateMyProfile', all)),
    { userID: 'ada', ...all, profileCustomField: [] });
  const { value: [told] } = await bob.hears('PROFILE_UPDATED');
  check(of('PROFILE_UPDATED of all fields at once'), without(told), { userID: 'ada', ...all, profileCustomField: [] });
  const { value: friends } = await bob.hears('FRIEND_LIST_UPDATED', ([friend]) => friend?.profile.nick === all.nick);
  check(of('FRIEND_LIST_UPDATED after it'), friends.map(({ userID }) => userID), ['ada']);

  for (const who of [ada, bob]) await who.forget();
  await ada.keep('updateMyProfile', { nick: all.nick });
  await never(of('no PROFILE_UPDATED for the same again'), async () => (await bob.heard('PROFILE_UPDATED'))[0], 500);
  check(of('no PROFILE_UPDATED at a stranger'), await eve.heard('PROFILE_UPDATED'), []);
  await ada.keep('updateMyProfile', { allowType: 'AllowType_Type_AllowAny', adminForbidType: 'AdminForbid_Type_None' });
}

/** Whether the back end sees the value; what is empty need not be there. */
const isShown = (seen, value) => seen === value || (seen === undefined && (value === '' || value === 0));

async function customFields(of, standin, { ada, bob }) {
  const [one, two] = [1, 2].map(n => ({ key: `Tag_Profile_Custom_Test${n}`, value: `My custom profile ${n}` }));
  for (const given of [[one], [one, two], [{ ...one, value: 'changed' }]]) {
    for (const who of [ada, bob]) await who.forget();
    const { profileCustomField } = await ada.keep('updateMyProfile', { profileCustomField: given });
    check(of(`updateMyProfile ${given.map(({ key }) => key)}`), given.every(field => has(profileCustomField, field)), true);
    for (const [name, who] of [['the user', ada], ['the friend', bob]]) {
      // What was changed before may still be on its way.
      const isTold = ([told]) => given.every(field => has(told.profileCustomField, field));
      const { value } = await who.hears('PROFILE_UPDATED', isTold);
      check(of(`PROFILE_UPDATED of ${name} with custom fields`), isTold(value), true);
    }
  }
  check(of('a custom field at the back end'), await portrait(standin, 'ada', two.key), two.value);
  await ada.keep('updateMyProfile', { profileCustomField: [{ ...one, value: '' }] });
  check(of('a custom field without a value'), await portrait(standin, 'ada', one.key), undefined);
}

const has = (fields, { key, value }) => fields.some(field => field.key === key && field.value === value);

async function refusing(of, standin, { ada, bob }) {
  const before = await rest(standin, 'profile/portrait_get', { To_Account: ['ada'], TagList: [...FIELDS.map(([, tag]) => tag), 'Tag_Profile_Custom_Test1'] });
  await bob.forget();
  for (const [what, change, code] of REFUSED) {
    const { refused } = await ada.call('updateMyProfile', change);
    check(of(`updateMyProfile with ${what}`), refused?.code, code);
    if (code === 40009) holds(of('what is not declared is named'), refused.message.includes('Tag_Profile_Custom_Nobody'), refused.message);
  }
  const whole = await ada.call('updateMyProfile', { nick: 'Half', location: 'x'.repeat(17) });
  check(of('updateMyProfile with a good and a bad field'), whole.refused?.code, 40605);
  const after = await rest(standin, 'profile/portrait_get', { To_Account: ['ada'], TagList: [...FIELDS.map(([, tag]) => tag), 'Tag_Profile_Custom_Test1'] });
  check(of('what is refused changes nothing'), after.UserProfileItem, before.UserProfileItem);
  check(of('what is refused is not told'), await bob.heard('PROFILE_UPDATED'), []);
  for (const [what, change, code] of REFUSED_BY_SDK) {
    check(of(`updateMyProfile with ${what}, by the SDK`), await ada.refuse('updateMyProfile', change), code);
  }
  for (const [what, change] of TAKEN) {
    const updated = await ada.keep('updateMyProfile', change);
    const [[field, value]] = Object.entries(change);
    holds(of(`updateMyProfile with ${what}`), field === 'profileCustomField' ? has(updated[field], value[0]) : updated[field] === value);
  }
}

async function fromTheBackEnd(of, standin, { ada, bob }) {
  for (const who of [ada, bob]) await who.forget();
  const ProfileItem = [{ Tag: 'Tag_Profile_IM_Nick', Value: 'By the back end' }, { Tag: 'Tag_Profile_IM_Level', Value: 9 }];
  check(of('portrait_set by the back end'), (await rest(standin, 'profile/portrait_set', { From_Account: 'ada', ProfileItem })).ErrorCode, 0);
  for (const [name, who] of [['the user', ada], ['the friend', bob]]) {
    const { value: [told] } = await who.hears('PROFILE_UPDATED');
    check(of(`PROFILE_UPDATED of ${name} after it`), [told.userID, told.nick, told.level], ['ada', 'By the back end', 9]);
  }
  check(of('getMyProfile after it'), (await ada.keep('getMyProfile')).nick, 'By the back end');
}

async function atOnce(of, { ada, bob }) {
  const times = [];
  for (let n = 0; n < 11; n += 1) {
    await bob.forget();
    const { at, kept } = await ada.call('updateMyProfile', { nick: `Ada ${n}` });
    check(of('updateMyProfile'), kept?.nick, `Ada ${n}`);
    times.push((await bob.hears('PROFILE_UPDATED', ([told]) => told.nick === `Ada ${n}`)).at - at);
  }
  times.sort((a, b) => a - b);
  console.log(`      updateMyProfile to PROFILE_UPDATED at the friend: ${times.join(', ')} ms`);
  holds(of(`a friend hears within ${HEARD_MS} ms`), times[5] <= HEARD_MS, times);
  await eventually('the friend', async () => (await bob.keep('getUserProfile', { userIDList: ['ada'] }))[0].nick === 'Ada 10' || undefined);
}
