/**
 * The samples of the vendor's page "User Profile", as printed there; each is run in a page whose `chat` is created and logged in.
 */

import { check, eventually, within } from './check.mjs';

const SAMPLES = {
  getMyProfile: `
let promise = chat.getMyProfile();
promise.then(function(imResponse) {
console.log(imResponse.data); // Personal profile - profile instance
}).catch(function(imError) {
console.warn('getMyProfile error:', imError); // Failed to obtain the user's profile
});`,

  getUserProfile: `
let promise = chat.getUserProfile({
// even if you retrieve the profile of only one user, the value must be of array type
// for example, userIDList: ['user1']
userIDList: ['user1', 'user2']
});
promise.then(function(imResponse) {
console.log(imResponse.data); // Array that stores other users' profiles - [Profile]
}).catch(function(imError) {
console.warn('getUserProfile error:', imError); // Failed to obtain the user's profile
});`,

  standard: `
// Modify a user's profile
let promise = chat.updateMyProfile({
nick: 'My nickname',
avatar: 'http(s)://url/to/image.jpg',
gender: TencentCloudChat.TYPES.GENDER_MALE,
selfSignature: 'My status',
allowType: TencentCloudChat.TYPES.ALLOW_TYPE_ALLOW_ANY
});
promise.then(function(imResponse) {
console.log(imResponse.data); // Profile updated successfully
}).catch(function(imError) {
console.warn('updateMyProfile error:', imError); // Failed to update the profile
});`,

  custom: `
// Modify personal custom profile fields
// Custom profile fields must be configured in the Chat console in advance
// by clicking the desired app card and choosing Feature Configuration > User Custom Field
let promise = chat.updateMyProfile({
profileCustomField: [
{
key: 'Tag_Profile_Custom_Test1',
value: 'My custom profile 1'
}
]
});
promise.then(function(imResponse) {
console.log(imResponse.data); // Profile updated successfully
}).catch(function(imError) {
console.warn('updateMyProfile error:', imError); // Failed to update the profile
});`,

  both: `
// Modify personal standard and custom profile fields
// Custom profile fields must be configured in the Chat console in advance
// by clicking the desired app card and selecting Feature Configuration > User Custom Field.
let promise = chat.updateMyProfile({
nick: 'My nickname',
profileCustomField: [
{
key: 'Tag_Profile_Custom_Test1',
value: 'My custom profile 1'
},
{
key: 'Tag_Profile_Custom_Test2',
value: 'My custom profile 2'
},
]
});
promise.then(function(imResponse) {
console.log(imResponse.data); // Profile updated successfully
}).catch(function(imError) {
console.warn('updateMyProfile error:', imError); // Failed to update the profile
});`,
};

/** What a sample prints; a warning is none. */
function runs(who, name) {
  return within(name, who.page.evaluate(sample => new Promise((printed, warned) => {
    const console = { log: printed, warn: (text, error) => warned(new Error(`${text} ${error?.code} ${error?.message}`)) };
    new Function('chat', 'TencentCloudChat', 'console', sample)(window.chat, window.TencentCloudChat, console);
  }), SAMPLES[name]));
}

/** `user1` is logged in, and has set nothing; there is a `user2`. */
export async function samples(of, user1) {
  check(of('the sample of getMyProfile'), (await runs(user1, 'getMyProfile')).userID, 'user1');
  check(of('the sample of getUserProfile'), (await runs(user1, 'getUserProfile')).map(({ userID }) => userID).sort(), ['user1', 'user2']);
  const { nick, avatar, gender, selfSignature, allowType } = await runs(user1, 'standard');
  check(of('the sample of updateMyProfile'), [nick, avatar, gender, selfSignature, allowType],
    ['My nickname', 'http(s)://url/to/image.jpg', 'Gender_Type_Male', 'My status', 'AllowType_Type_AllowAny']);
  const one = { key: 'Tag_Profile_Custom_Test1', value: 'My custom profile 1' };
  const two = { key: 'Tag_Profile_Custom_Test2', value: 'My custom profile 2' };
  check(of('the sample of a custom field'), (await runs(user1, 'custom')).profileCustomField, [one]);
  const both = await runs(user1, 'both');
  check(of('the sample of both'), [both.nick, both.profileCustomField], ['My nickname', [one, two]]);
  await user1.forget();
  await user1.keep('logout');
  await user1.login('user1');
  const kept = await eventually('the profile after a new login', () => user1.keep('getMyProfile'));
  check(of('what the samples set, after a new login'), [kept.nick, kept.avatar, kept.profileCustomField], ['My nickname', avatar, [one, two]]);
}
