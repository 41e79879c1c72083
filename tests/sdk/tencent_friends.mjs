/**
 * Friends, requests that wait for consent, friend groups and the black list: what the caller gets, and what both sides hear.
 */

import { check, holds, never, pause } from './check.mjs';
import { rest } from './tencent_client.mjs';

const SOURCE = 'AddSource_Type_Web';
const add = (to, more = {}) => ['addFriend', { to, source: SOURCE, type: 'Add_Type_Both', ...more }];
const ids = list => list.map(({ userID }) => userID).sort();
const requests = ({ friendApplicationList }) => friendApplicationList.map(({ userID, type, wording }) => [userID, type, wording]);

/** Who is friends with somebody by an event. */
const hearsFriends = async (who, expected) =>
  ids((await who.hears('FRIEND_LIST_UPDATED', friends => ids(friends).join() === expected.join())).value);

/** `ada`, `bob` and `eve` know nobody, and anybody may add them. */
export async function friends(of, server, sdk, people) {
  await adding(of, server, people);
  await groups(of, people);
  await oneWay(of, people);
  await asking(of, people);
  await refusals(of, server, sdk, people);
  await blackList(of, sdk, people);
}

async function adding(of, server, { ada, bob, eve }) {
  for (const who of [ada, bob, eve]) {
    check(of('getFriendList of nobody'), await who.keep('getFriendList'), []);
    await who.forget();
  }
  await rest(server, 'profile/portrait_set', { From_Account: 'bob', ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: 'Bob' }] });
  const added = await ada.keep(...add('bob', { remark: 'Bobby', groupName: 'Work', wording: 'hello' }));
  check(of('addFriend'), added, { userID: 'bob', code: 0 });
  check(of('FRIEND_LIST_UPDATED of the one'), await hearsFriends(ada, ['bob']), ['bob']);
  check(of('FRIEND_LIST_UPDATED of the other'), await hearsFriends(bob, ['ada']), ['ada']);
  await never(of('no FRIEND_LIST_UPDATED at a third'), async () =>
    (await eve.heard('FRIEND_LIST_UPDATED')).find(({ value }) => value.length > 0), 500);

  const [friend] = await ada.keep('getFriendList');
  check(of('getFriendList'), [friend.userID, friend.remark, friend.groupList, friend.source, friend.profile.nick],
    ['bob', 'Bobby', ['Work'], SOURCE, 'Bob']);
  holds(of('addTime'), Math.abs(friend.addTime - Date.now() / 1000) < 60, friend.addTime);
  const [back] = await bob.keep('getFriendList');
  check(of('getFriendList of the other'), [back.userID, back.remark, back.groupList], ['ada', '', []]);

  const { friendList, failureUserIDList } = await ada.keep('getFriendProfile', { userIDList: ['bob', 'eve'] });
  check(of('getFriendProfile'), [ids(friendList), ids(failureUserIDList)], [['bob'], ['eve']]);
  const { successUserIDList } = await ada.keep('checkFriend', { userIDList: ['bob', 'eve'], type: 'CheckResult_Type_Both' });
  check(of('checkFriend both ways'), successUserIDList.map(({ userID, relation }) => [userID, relation]),
    [['bob', 'CheckResult_Type_BothWay'], ['eve', 'CheckResult_Type_NoRelation']]);
  const single = await ada.keep('checkFriend', { userIDList: ['bob', 'eve'], type: 'CheckResult_Type_Single' });
  check(of('checkFriend one way'), single.successUserIDList.map(({ userID, relation }) => [userID, relation]),
    [['bob', 'CheckResult_Type_AWithB'], ['eve', 'CheckResult_Type_NoRelation']]);

  await ada.forget();
  check(of('updateFriend'), (await ada.keep('updateFriend', { userID: 'bob', remark: 'Robert' })).remark, 'Robert');
  const { value: [told] } = await ada.hears('FRIEND_LIST_UPDATED', ([friend]) => friend.remark === 'Robert');
  check(of('FRIEND_LIST_UPDATED after it'), told.userID, 'bob');
  check(of('updateFriend of a stranger'), await ada.refuse('updateFriend', { userID: 'eve', remark: 'Eve' }), 2700);
}

async function groups(of, { ada }) {
  const made = await ada.keep('createFriendGroup', { name: 'Chess', userIDList: ['bob'] });
  check(of('createFriendGroup'), [made.friendGroup.name, made.friendGroup.userIDList, made.failureUserIDList], ['Chess', ['bob'], []]);
  await ada.hears('FRIEND_GROUP_LIST_UPDATED', groups => groups.some(({ name }) => name === 'Chess'));
  check(of('getFriendGroupList'), (await ada.keep('getFriendGroupList')).find(({ name }) => name === 'Chess').userIDList, ['bob']);
  check(of('removeFromFriendGroup'), (await ada.keep('removeFromFriendGroup', { name: 'Chess', userIDList: ['bob'] })).friendGroup.userIDList, []);
  check(of('addToFriendGroup'), (await ada.keep('addToFriendGroup', { name: 'Chess', userIDList: ['bob'] })).friendGroup.userIDList, ['bob']);
  check(of('renameFriendGroup'), (await ada.keep('renameFriendGroup', { oldName: 'Chess', newName: 'Go' })).name, 'Go');
  check(of('getFriendList by groups'), (await ada.keep('getFriendList'))[0].groupList.sort(), ['Go', 'Work']);
  await ada.keep('logout');
  await ada.login('ada');
  const [kept] = (await ada.hears('FRIEND_LIST_UPDATED', list => list.length > 0)).value;
  check(of('groups and remark after a new login'), [kept.groupList.sort(), kept.remark], [['Go', 'Work'], 'Robert']);
  await ada.hears('FRIEND_GROUP_LIST_UPDATED', groups => groups.length === 2);
  check(of('deleteFriendGroup'), (await ada.keep('deleteFriendGroup', { name: 'Go' })).name, 'Go');
  check(of('getFriendGroupList after it'), (await ada.keep('getFriendGroupList')).map(({ name, userIDList }) => [name, userIDList]), [['Work', ['bob']]]);
}

async function oneWay(of, { ada, bob }) {
  for (const who of [ada, bob]) await who.forget();
  const gone = await ada.keep('deleteFriend', { userIDList: ['bob', 'eve'], type: 'Delete_Type_Both' });
  check(of('deleteFriend'), [ids(gone.successUserIDList), ids(gone.failureUserIDList)], [['bob'], ['eve']]);
  check(of('FRIEND_LIST_UPDATED of the one who deletes'), await hearsFriends(ada, []), []);
  check(of('FRIEND_LIST_UPDATED of the one who is deleted'), await hearsFriends(bob, []), []);

  for (const who of [ada, bob]) await who.forget();
  await ada.keep(...add('bob', { type: 'Add_Type_Single' }));
  await hearsFriends(ada, ['bob']);
  check(of('addFriend one way'), [ids(await ada.keep('getFriendList')), ids(await bob.keep('getFriendList'))], [['bob'], []]);
  const relation = async who => (await who[0].keep('checkFriend', { userIDList: [who[1]], type: 'CheckResult_Type_Both' })).successUserIDList[0].relation;
  check(of('checkFriend of one way'), [await relation([ada, 'bob']), await relation([bob, 'ada'])], ['CheckResult_Type_AWithB', 'CheckResult_Type_BWithA']);
  await bob.keep(...add('ada', { type: 'Add_Type_Single' }));
  await hearsFriends(bob, ['ada']);
  for (const who of [ada, bob]) await who.forget();
  await ada.keep('deleteFriend', { userIDList: ['bob'], type: 'Delete_Type_Single' });
  await hearsFriends(ada, []);
  check(of('deleteFriend one way'), [ids(await ada.keep('getFriendList')), ids(await bob.keep('getFriendList'))], [[], ['ada']]);
  await bob.keep('deleteFriend', { userIDList: ['ada'], type: 'Delete_Type_Both' });
  await hearsFriends(bob, []);
}

/** Who wants to be asked is asked, and says yes or no. */
async function asking(of, { ada, bob }) {
  await bob.keep('updateMyProfile', { allowType: 'AllowType_Type_NeedConfirm' });
  const sent = [['bob', 'Pendency_Type_SendOut', 'please']];
  const come = [['ada', 'Pendency_Type_ComeIn', 'please']];
  const ask = async () => {
    for (const who of [ada, bob]) await who.forget();
    const { userID, code } = await ada.keep(...add('bob', { wording: 'please', remark: 'Bobby' }));
    check(of('addFriend of who wants to be asked'), [userID, code], ['bob', 30539]);
    for (const [name, who, list] of [['the one', ada, sent], ['the other', bob, come]]) {
      const { value } = await who.hears('FRIEND_APPLICATION_LIST_UPDATED', told => told.friendApplicationList.length > 0);
      check(of(`FRIEND_APPLICATION_LIST_UPDATED of ${name}`), requests(value), list);
    }
  };
  const none = async (what, ...people) => {
    for (const who of people) await who.hears('FRIEND_APPLICATION_LIST_UPDATED', told => told.friendApplicationList.length === 0);
    check(of(what), await Promise.all(people.map(async who => requests(await who.keep('getFriendApplicationList')))), people.map(() => []));
  };

  await ask();
  const shown = await bob.keep('getFriendApplicationList');
  check(of('getFriendApplicationList'), [requests(shown), shown.unreadCount, shown.friendApplicationList[0].source], [come, 1, SOURCE]);
  check(of('nobody is a friend yet'), [await ada.keep('getFriendList'), await bob.keep('getFriendList')], [[], []]);
  await pause(1_000); // the SDK's clock follows the server's whole seconds
  await bob.keep('setFriendApplicationRead');
  await bob.keep('logout');
  await bob.login('bob');
  const { value: kept } = await bob.hears('FRIEND_APPLICATION_LIST_UPDATED');
  check(of('a request after a new login, and read'), [requests(kept), kept.unreadCount], [come, 0]);

  await ada.forget();
  await bob.forget();
  await bob.keep('refuseFriendApplication', { userID: 'ada' });
  await none('refuseFriendApplication', ada, bob);
  check(of('a refused one is no friend'), [await ada.keep('getFriendList'), await bob.keep('getFriendList')], [[], []]);
  check(of('refuseFriendApplication again'), await bob.refuse('refuseFriendApplication', { userID: 'ada' }), 30614);

  await ask();
  await ada.keep('deleteFriendApplication', { userID: 'bob', type: 'Pendency_Type_SendOut' });
  await none('deleteFriendApplication', ada);

  await ask();
  await bob.keep('acceptFriendApplication', { userID: 'ada', remark: 'Ally', type: 'Response_Action_AgreeAndAdd' });
  check(of('FRIEND_LIST_UPDATED of the one who asked'), await hearsFriends(ada, ['bob']), ['bob']);
  check(of('FRIEND_LIST_UPDATED of the one who agreed'), await hearsFriends(bob, ['ada']), ['ada']);
  await none('acceptFriendApplication', ada, bob);
  check(of('the remark of the one who asked'), (await ada.keep('getFriendList'))[0].remark, 'Bobby');
  check(of('the remark of the one who agreed'), (await bob.keep('getFriendList'))[0].remark, 'Ally');
  await ada.forget();
  await bob.forget();
  await ada.keep('deleteFriend', { userIDList: ['bob'], type: 'Delete_Type_Both' });
  await hearsFriends(ada, []);
  await hearsFriends(bob, []);

  await ask();
  await bob.keep('acceptFriendApplication', { userID: 'ada', type: 'Response_Action_Agree' });
  await hearsFriends(ada, ['bob']);
  check(of('acceptFriendApplication one way'), [ids(await ada.keep('getFriendList')), ids(await bob.keep('getFriendList'))], [['bob'], []]);
  await ada.keep('deleteFriend', { userIDList: ['bob'], type: 'Delete_Type_Both' });
  await hearsFriends(ada, []);
}

async function refusals(of, server, sdk, { ada, bob }) {
  await bob.keep('updateMyProfile', { allowType: 'AllowType_Type_DenyAny' });
  check(of('addFriend of who denies'), await ada.refuse(...add('bob')), 30516);
  await bob.keep('updateMyProfile', { allowType: 'AllowType_Type_AllowAny' });
  await ada.keep('updateMyProfile', { adminForbidType: 'AdminForbid_Type_SendOut' });
  check(of('addFriend by who may not'), await ada.refuse(...add('bob')), 30009);
  await ada.keep('updateMyProfile', { adminForbidType: 'AdminForbid_Type_None' });
  check(of('addFriend of an unknown user'), await ada.refuse(...add('nobody')), 30003);
  check(of('addFriend of oneself'), await ada.refuse(...add('ada')), 30001);
  check(of('addFriend with a long wording'), await ada.refuse(...add('bob', { wording: 'w'.repeat(257) })), 30001);
  check(of('addFriend with a long remark'), await ada.refuse(...add('bob', { remark: '\u4f60'.repeat(33) })), 30001);
  check(of('addFriend with a long group'), await ada.refuse(...add('bob', { groupName: 'g'.repeat(31) })), 30001);
  check(of('addFriend with a source of no letters'), await ada.refuse(...add('bob', { source: 'AddSource_Type_' })), 30001);
  check(of('nobody is added by these'), await ada.keep('getFriendList'), []);
  await ada.forget();
  await ada.keep(...add('bob'));
  await hearsFriends(ada, ['bob']);
  check(of('addFriend again'), await ada.refuse(...add('bob')), sdk.alreadyFriends);

  await ada.forget();
  const added = await rest(server, 'sns/friend_add', { From_Account: 'ada', AddFriendItem: [{ To_Account: 'eve', AddSource: SOURCE }], AddType: 'Add_Type_Single' });
  check(of('friend_add by the back end'), added.ResultItem.map(({ To_Account, ResultCode }) => [To_Account, ResultCode]), [['eve', 0]]);
  check(of('FRIEND_LIST_UPDATED after it'), await hearsFriends(ada, ['bob', 'eve']), ['bob', 'eve']);
  await rest(server, 'sns/friend_delete', { From_Account: 'ada', To_Account: ['eve'], DeleteType: 'Delete_Type_Both' });
  await ada.forget();
  const SnsItem = [{ Tag: 'Tag_SNS_IM_Remark', Value: 'Bo' }];
  await rest(server, 'sns/friend_update', { From_Account: 'ada', UpdateItem: [{ To_Account: 'bob', SnsItem }] });
  const { value: [told] } = await ada.hears('FRIEND_LIST_UPDATED', ([friend]) => friend?.remark === 'Bo');
  check(of('FRIEND_LIST_UPDATED after friend_update by the back end'), told.userID, 'bob');
}

async function blackList(of, sdk, { ada, bob, eve }) {
  for (const who of [ada, bob]) await who.forget();
  await ada.keep('addToBlacklist', { userIDList: ['bob'] });
  check(of('BLACKLIST_UPDATED'), (await ada.hears('BLACKLIST_UPDATED')).value, ['bob']);
  check(of('getBlacklist'), await ada.keep('getBlacklist'), ['bob']);
  check(of('who is blocked is no friend any more'), await hearsFriends(ada, []), []);
  check(of('who is blocked has lost a friend'), await hearsFriends(bob, []), []);
  check(of('getBlacklist of the other'), await bob.keep('getBlacklist'), []);
  check(of('addFriend of who is blocked'), await ada.refuse(...add('bob')), 30515);
  check(of('addFriend by who is blocked'), await bob.refuse(...add('ada')), 30525);
  await ada.forget();
  check(of('removeFromBlacklist'), await ada.keep('removeFromBlacklist', { userIDList: ['bob'] }), []);
  if (sdk.tellsUnblocking) check(of('BLACKLIST_UPDATED after it'), (await ada.hears('BLACKLIST_UPDATED')).value, []);
  check(of('getBlacklist after it'), await ada.keep('getBlacklist'), []);
  await ada.keep(...add('bob'));
  check(of('addFriend after it'), await hearsFriends(ada, ['bob']), ['bob']);
  await eve.keep('addToBlacklist', { userIDList: ['ada', 'bob'] });
  await eve.hears('BLACKLIST_UPDATED', list => list.length === 2);
  check(of('addToBlacklist of two'), (await eve.keep('getBlacklist')).sort(), ['ada', 'bob']);
  await eve.keep('logout');
  await eve.login('eve');
  const { value } = await eve.hears('BLACKLIST_UPDATED', list => list.length > 0);
  check(of('the black list after a new login'), value.sort(), ['ada', 'bob']);
  await eve.keep('removeFromBlacklist', { userIDList: ['ada', 'bob'] });
}
