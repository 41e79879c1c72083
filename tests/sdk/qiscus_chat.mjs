/**
 * Two users write to each other with the package qiscus-sdk-core 2.16.9: rooms, messages, marks, deletion, a second client, messages to
 * an absent user, a block; and at once, over the realtime server: typing, presence, changes, receipts. Driven like `qiscus.mjs`, in Node and in a page.
 */

import { check, eventually, holds, never, pause, within } from './check.mjs';
import { recorder } from './record.mjs';
import { APP_ID, Standin } from './standin.mjs';

/** The SDK polls every 5 seconds. */
const POLLED_MS = 6_000;

/** What comes over the realtime server, and not by the next poll. */
const AT_ONCE_MS = 2_000;

/** The SDK subscribes to a room 3 seconds after it is opened. */
const SUBSCRIBED_MS = 4_000;

/** The SDK gathers what it has received for half a second. */
const RECEIPT_MS = 1_500;

export async function chat(binary, name, platform) {
  const server = await Standin.fresh(binary);
  const place = await platform();
  const entered = [];
  const world = { server, say: what => `${name}: chat: ${what}` };
  world.enter = async (id, username) => {
    const sdk = await place.open({ AppId: APP_ID, baseURL: server.base });
    await sdk.call('setUser', id, 'key', username);
    entered.push(sdk);
    return sdk;
  };
  try {
    const [ada, bob] = [await world.enter('ada', 'Ada'), await world.enter('bob', 'Bob')];
    const room = await sending(world, ada, bob);
    await marks(world, ada, bob, room);
    await changes(world, ada, bob, room);
    await live(world, ada, bob, room);
    await sessions(world, ada, bob, room);
    await blocks(world, ada, bob, room);
    // A call to a server that is gone would end a Node process: a client polls, and says half a second later what it has received.
    for (const sdk of entered) await sdk.call('disconnect');
    await pause(RECEIPT_MS);
  } finally {
    await place.close();
    await server.close();
  }
}

/**
 * The calls of a chat whose other user is absent, for `cargo test` to replay: nothing in the answers depends on when a client polls.
 */
export async function recordedChat(binary, name, platform) {
  const server = await Standin.fresh(binary);
  const recording = await recorder(server.base);
  server.via = recording.base;
  const place = await platform();
  const say = what => `${name}: recorded chat: ${what}`;
  try {
    const ada = await place.open({ AppId: APP_ID, baseURL: recording.base });
    await ada.call('setUser', 'ada', 'key', 'Ada');
    await server.qiscusRest('POST', 'login_or_register', { user_id: 'bob', username: 'Bob', password: 'key' });
    check(say('no rooms at first'), await ada.call('loadRoomList', { page: 1, limit: 20 }), []);
    const room = await ada.call('chatTarget', 'bob');
    const first = await ada.call('sendComment', room.id, 'one', 'a-one');
    const promo = { type: 'promo', content: { date: '2017-09-09' } };
    await ada.call('sendComment', room.id, 'two', 'a-two', 'custom', JSON.stringify(promo));
    const reply = { text: 'three', replied_comment_id: first.id, replied_comment_message: 'one' };
    await ada.call('sendComment', room.id, 'three', 'a-three', 'reply', JSON.stringify(reply));
    check(say('a repeat is the same message'), (await ada.call('sendComment', room.id, 'one', 'a-one')).id, first.id);
    check(say('loadComments'), texts(await page(ada, room.id, 20)), ['three', 'two', 'one']);
    check(say('loadMore'), texts(await ada.call('loadMore', first.id + 1, { limit: 20 })), ['one']);
    check(say('loadRoomList'), (await ada.call('loadRoomList', { page: 1, limit: 20 })).map(({ id }) => id), [room.id]);
    check(say('getRoomById'), (await ada.call('getRoomById', room.id)).id, room.id);
    check(say('getRoomsInfo'), (await ada.call('getRoomsInfo', { room_ids: [String(room.id)] })).results.rooms_info.length, 1);
    check(say('searchMessages'), texts(await ada.call('searchMessages', { query: 'TWO' })), ['two']);
    await ada.call('updateMessage', { ...first, message: 'one!', unique_id: 'a-one' });
    await ada.call('deleteComment', room.id, ['a-two']);
    check(say('changed and deleted'), texts(await page(ada, room.id, 20)), ['three', 'one!']);
    check(say('unread counts'), [await ada.call('getTotalUnreadCount'), await ada.call('getRoomUnreadCount')], [0, 0]);
    await ada.call('clearRoomMessages', [room.unique_id]);
    check(say('cleared'), await page(ada, room.id, 20), []);
    await ada.call('sendComment', room.id, 'four', 'a-four');
    check(say('chatTarget again'), texts((await ada.call('chatTarget', 'bob')).comments), ['four']);
    check(say('loadRoomList again'), (await ada.call('loadRoomList', { page: 1, limit: 20 })).map(({ last_comment_message }) => last_comment_message), ['four']);
    check(say('getOrCreateRoomByUniqueId'), (await ada.call('getOrCreateRoomByUniqueId', room.unique_id)).id, room.id);
    await ada.call('disconnect');
    await pause(RECEIPT_MS);
    await recording.save(`qiscus-chat-${name}`);
  } finally {
    await place.close();
    await recording.close();
    await server.close();
  }
}

const told = async (sdk, callback) => (await sdk.heard(callback)).flat();

/** The messages with this text that the app was told. */
const messages = async (sdk, text) => (await told(sdk, 'newMessagesCallback')).filter(({ message }) => message === text);

/** A page of a room, newest first: the SDK reverses the server's list in the room that is open. */
const page = async (sdk, room, limit) => (await sdk.call('loadComments', room, { limit })).sort((one, other) => other.id - one.id);

const hears = (what, sdk, text) =>
  eventually(what, async () => {
    const heard = await messages(sdk, text);
    return heard.length > 0 ? heard : undefined;
  });

const texts = comments => comments.map(({ message }) => message);

async function sending({ say }, ada, bob) {
  check(say('no rooms at first'), await ada.call('loadRoomList', { page: 1, limit: 20 }), []);
  const room = await ada.call('chatTarget', 'bob');
  check(say('chatTarget'), [room.name, room.comments], ['Bob', []]);
  const sent = await ada.call('sendComment', room.id, 'Hello \u{1F600}');
  check(say('sendComment'), [sent.message, sent.status], ['Hello \u{1F600}', 'sent']);
  const [heard] = await hears(say('the other user hears it'), bob, 'Hello \u{1F600}');
  check(say('it is the same message'), [heard.id, heard.email, heard.room_id, heard.room_name], [sent.id, 'ada', room.id, 'Ada']);

  const other = await bob.call('chatTarget', 'ada');
  check(say('one room for both'), [other.id, texts(other.comments)], [room.id, ['Hello \u{1F600}']]);
  const listed = await bob.call('loadRoomList', { page: 1, limit: 20 });
  check(say('loadRoomList'), listed.map(({ id, name, last_comment_message, count_notif }) => [id, name, last_comment_message, count_notif]),
    [[room.id, 'Ada', 'Hello \u{1F600}', 1]]);
  // In an open room the SDK reads each message, a while after it has come.
  await eventually(say('the open room is read'), async () => ((await bob.call('getTotalUnreadCount')) === 0 ? true : undefined));
  await bob.call('exitChatRoom');
  const payload = { type: 'promo', content: { date: '2017-09-09' } };
  await ada.call('sendComment', room.id, 'Look', 'a-promo', 'custom', JSON.stringify(payload));
  const [promo] = await hears(say('a custom message'), bob, 'Look');
  check(say('its payload'), [promo.type, promo.payload, promo.unique_temp_id], ['custom', payload, 'a-promo']);
  const loaded = await page(bob, room.id, 20);
  check(say('loadComments'), texts(loaded), ['Look', 'Hello \u{1F600}']);
  const found = await bob.call('searchMessages', { query: 'hello' });
  check(say('searchMessages'), texts(found), ['Hello \u{1F600}']);
  return room;
}

async function marks({ say }, ada, bob, room) {
  await eventually(say('the sender sees that it is delivered'), async () => ((await told(ada, 'commentDeliveredCallback')).length > 0 ? true : undefined));
  // The SDK has read the first one when it opened the room, and has left the room since.
  check(say('unread messages and rooms'), [await bob.call('getTotalUnreadCount'), await bob.call('getRoomUnreadCount')], [1, 1]);
  const [last] = await page(bob, room.id, 1);
  await bob.call('readComment', room.id, last.id);
  await eventually(say('the sender sees that it is read'), async () => ((await told(ada, 'commentReadCallback')).length > 0 ? true : undefined));
  await eventually(say('nothing is unread'), async () => ((await bob.call('getTotalUnreadCount')) === 0 ? true : undefined));
  const shown = await page(ada, room.id, 20);
  check(say('and after a reload'), shown.map(({ status }) => status), ['read', 'read']);
}

async function changes({ say }, ada, bob, room) {
  const sent = await ada.call('sendComment', room.id, 'a tpyo', 'a-typo');
  await hears(say('a message with a fault'), bob, 'a tpyo');
  const changed = await ada.call('updateMessage', { ...sent, message: 'a typo', unique_id: 'a-typo' });
  check(say('updateMessage'), [changed.id, changed.message], [sent.id, 'a typo']);
  check(say('the other user reads the change'), texts(await page(bob, room.id, 1)), ['a typo']);
  await ada.call('deleteComment', room.id, ['a-typo']);
  await eventually(say('the other user learns of a deletion'), async () =>
    ((await told(bob, 'commentDeletedCallback')).some(({ commentUniqueIds }) => commentUniqueIds.includes('a-typo')) ? true : undefined));
  for (const who of [ada, bob]) {
    check(say('it is gone'), texts(await page(who, room.id, 20)), ['Look', 'Hello \u{1F600}']);
  }
}

async function live(world, ada, bob, room) {
  const { say } = world;
  const soon = (what, look) => within(say(what), eventually(say(what), look), AT_ONCE_MS);
  const some = async (sdk, callback, is) => ((await told(sdk, callback)).some(is) ? true : undefined);
  await ada.call('chatTarget', 'bob');
  await bob.call('chatTarget', 'ada');
  await pause(SUBSCRIBED_MS);

  for (const state of ['1', '0']) {
    await bob.call('publishTyping', state);
    await soon(`typing ${state} is heard at once`, () =>
      some(ada, 'typingCallback', heard => heard.username === 'bob' && heard.message === state && heard.room_id === String(room.id)));
  }
  check(say('and not by the one who types'), (await told(bob, 'typingCallback')).length, 0);

  await ada.call('subscribeUserPresence', 'bob');
  await soon('presence comes with the subscription', () => some(ada, 'presenceCallback', status => /^1:\d{13}$/.test(status)));

  const before = (await told(ada, 'commentReadCallback')).length;
  const sent = await ada.call('sendComment', room.id, 'at onec', 'a-once');
  await soon('a message is heard at once', async () => ((await messages(bob, 'at onec')).length > 0 ? true : undefined));
  await soon('and read at once, in an open room', async () => ((await told(ada, 'commentReadCallback')).length > before ? true : undefined));
  await ada.call('updateMessage', { ...sent, message: 'at once', unique_id: 'a-once' });
  await soon('a change is heard at once', () => some(bob, 'messageUpdatedCallback', ({ message }) => message === 'at once'));
  await ada.call('deleteComment', room.id, ['a-once']);
  await soon('a deletion is heard at once', () =>
    some(bob, 'commentDeletedCallback', ({ commentUniqueIds }) => commentUniqueIds.includes('a-once')));

  await bob.call('exitChatRoom');
  await ada.call('exitChatRoom');
}

async function sessions(world, ada, bob, room) {
  const { say, server } = world;
  const second = await world.enter('ada', 'Ada');
  await ada.call('sendComment', room.id, 'from the first');
  await hears(say('a second client of the sender hears it'), second, 'from the first');

  await server.qiscusRest('POST', 'login_or_register', { user_id: 'sue', username: 'Sue', password: 'key' });
  const other = await second.call('chatTarget', 'sue');
  for (const text of ['one', 'two', 'three']) await second.call('sendComment', other.id, text);
  const sue = await world.enter('sue', 'Sue');
  await hears(say('an absent user hears at its login'), sue, 'three');
  const heard = texts((await told(sue, 'newMessagesCallback')).filter(({ room_id }) => room_id === other.id));
  holds(say('all of it, in order'), JSON.stringify([...new Set(heard)]) === '["one","two","three"]', heard);
  await eventually(say('it is delivered'), async () =>
    ((await page(second, other.id, 1))[0].status === 'delivered' ? true : undefined));
  const again = await world.enter('sue', 'Sue');
  await never(say('the next login brings nothing old'), async () => ((await again.heard('newMessagesCallback')).length > 0 ? 'heard' : undefined), POLLED_MS);
}

async function blocks({ say }, ada, bob, room) {
  await bob.call('blockUser', 'ada');
  const withheld = await ada.call('sendComment', room.id, 'withheld');
  check(say('the blocked user is not told'), withheld.status, 'sent');
  await never(say('the other user never hears it'), async () => ((await messages(bob, 'withheld')).length > 0 ? 'heard' : undefined), POLLED_MS);
  await bob.call('unblockUser', 'ada');
  await ada.call('sendComment', room.id, 'after it');
  await hears(say('messages after the block arrive'), bob, 'after it');
  check(say('the withheld one stays away'), texts(await page(bob, room.id, 3)), ['after it', 'from the first', 'Look']);
}
