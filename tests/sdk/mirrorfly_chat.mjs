/**
 * One-to-one text chat: login, list, send, heard, history after a reload, unread, delivered and seen at the sender, messages that came while the
 * user was away, a second session, recall, edit, typing, replies, clearing, deleting, archiving, muting and blocks. On trial over plain HTTP, and
 * live over TLS.
 */

import { check, eventually, holds, never } from './check.mjs';
import { HOST, LIVE, served, TRIAL } from './mirrorfly_client.mjs';

export async function run(binary) {
  for (const mode of [TRIAL, LIVE]) await served(binary, mode, ({ open, reopen }) => scenario(mode, open, reopen));
}

const [toAda, toBob] = [`ada@${HOST}`, `bob@${HOST}`];

async function scenario(mode, open, reopen) {
  const of = what => `${mode.name}, chat: ${what}`;
  const [ada, bob] = [await open(), await open()];
  const kept = {};
  for (const [id, who] of Object.entries({ ada, bob })) {
    kept[id] = (await who.call('register', id)).data.password;
    check(of(`connect ${id}`), (await who.call('connect', id, kept[id])).statusCode, 200);
  }
  check(of('getRecentChats of none'), (await ada.call('getRecentChats')).data, []);
  check(of('getRecentChatsByPagination of none'), (await ada.call('getRecentChatsByPagination')).data, []);
  const first = await receipts(of, { ada, bob });
  await bob.page.context().close();
  const [again, second] = await absence(of, { ada, reopen, kept, first });
  await copies(of, { ada, second, again });
  await edits(of, { ada, second, again, first });
  await typing(of, { ada, again });
  await pages(of, { ada, again });
  await ownChanges(of, { ada, second, again });
  await settings(of, { ada, second, kept });
  await blocks(of, { ada, again });
  for (const [id, who] of Object.entries({ ada, again, second })) check(of(`no fault in the page of ${id}`), who.faults, []);
}

const TEXT = 'Hi Ω <1> 👋 50%';

/** A message is sent, delivered and seen. Returns its id. */
async function receipts(of, { ada, bob }) {
  const metaData = { room: 'blue' };
  check(of('sendTextMessage'), (await ada.call('sendTextMessage', { toJid: toBob, messageText: TEXT, metaData })).statusCode, 200);
  const acknowledged = await heard(ada, of('acknowledge'), message => message.msgType === 'acknowledge' && message.type === 'acknowledge');
  const id = acknowledged.msgId;
  const received = await heard(bob, of('receiveMessage'), message => message.msgType === 'receiveMessage');
  check(of('what is received'), [received.msgId, received.msgBody.message, received.publisherId, received.metaData], [id, TEXT, 'ada', metaData]);
  const delivered = await heard(ada, of('delivered'), message => message.msgType === 'delivered');
  check(of('delivered at the sender'), [delivered.msgId, delivered.msgStatus, delivered.fromUserJid], [id, 1, toBob]);
  check(of('unread'), (await chats(bob)).map(chat => [chat.msgBody.message, chat.unreadCount]), [[TEXT, 1]]);
  check(of('sendSeenStatus'), (await bob.call('sendSeenStatus', toAda, id)).statusCode, 200);
  check(of('seen at the sender'), (await heard(ada, of('seen'), message => message.msgType === 'seen')).msgId, id);
  check(of('unread after it'), (await chats(bob)).map(chat => chat.unreadCount), [0]);
  return id;
}

/** What came while bob was away. Returns bob's new session, and a second one of ada. */
async function absence(of, { ada, reopen, kept, first }) {
  check(of('a message to one who is away'), (await ada.call('sendTextMessage', { toJid: toBob, messageText: 'later' })).statusCode, 200);
  const [again, second] = [await reopen(), await reopen()];
  check(of('connect after a reload'), (await again.call('connect', 'bob', kept.bob)).statusCode, 200);
  const missed = await heard(again, of('what was missed'), message => message.msgType === 'receiveMessage');
  check(of('the missed message'), missed.msgBody.message, 'later');
  const history = (await again.call('getChatMessages', { toJid: toAda })).data;
  check(of('history after a reload'), history.map(shown), [['later', 'ada'], [TEXT, 'ada']]);
  check(of('ids in the history'), history.map(message => message.msgId), [missed.msgId, first]);
  check(of('connect of a second session'), (await second.call('connect', 'ada', kept.ada)).statusCode, 200);
  return [again, second];
}

async function copies(of, { ada, second, again }) {
  await again.forget();
  await ada.call('sendTextMessage', { toJid: toBob, messageText: 'for two' });
  const copy = await heard(second, of('the second session'), message => message.msgType === 'carbonSentMessage');
  check(of('the copy'), copy.msgBody.message, 'for two');
  check(of('recall'), (await ada.call('deleteMessagesForEveryone', toBob, [copy.msgId])).statusCode, 200);
  const recalled = await heard(again, of('recallMessage'), message => message.msgType === 'recallMessage');
  check(of('what is recalled'), recalled.msgId, copy.msgId);
  const copied = await heard(second, of('carbonSentRecall'), message => message.msgType === 'carbonSentRecall');
  check(of('the copy of the recall'), copied.msgId, copy.msgId);
  for (const [name, who, peer] of [['the author', ada, toBob], ['the recipient', again, toAda]]) {
    const [last] = (await who.call('getChatMessages', { toJid: peer })).data;
    check(of(`a recalled message, for ${name}`), [last.msgId, last.msgBody.message, last.deleteStatus], [copy.msgId, '', 1]);
  }
}

async function edits(of, { ada, second, again, first }) {
  for (const who of [second, again]) await who.forget();
  check(of('editTextMessage'), (await ada.call('editTextMessage', { messageId: first, editedTextContent: 'Hi again Ω' })).statusCode, 200);
  for (const [name, who] of [['the recipient', again], ['the second session', second]]) {
    const edited = await heard(who, of(`an edit, for ${name}`), message => message.msgId === first, 'editMessageListener');
    check(of(`what is edited, for ${name}`), [edited.msgBody.message, edited.editedStatus], ['Hi again Ω', 1]);
  }
  const foreign = await again.call('editTextMessage', { messageId: first, editedTextContent: 'forged' });
  check(of('editTextMessage of a foreign message'), foreign.statusCode, 400);
  const reply = { toJid: toAda, messageText: 'an answer', replyMessageId: first };
  await again.forget();
  check(of('sendTextMessage as a reply'), (await again.call('sendTextMessage', reply)).statusCode, 200);
  const answer = await heard(ada, of('the reply'), message => message.msgBody?.message === 'an answer');
  check(of('what it answers'), answer.msgBody.replyTo, first);
  const original = (await ada.call('getReplyMessage', first)).data;
  check(of('getReplyMessage'), [original.oldMsgId, original.replyMsgContent.message, original.fromUserId], [first, 'Hi again Ω', 'ada']);
  const byId = (await ada.call('getMessageById', first, toBob)).data;
  check(of('getMessageById'), [byId.msgId, byId.msgBody.message, byId.editedStatus, byId.msgStatus], [first, 'Hi again Ω', 1, 2]);
  await again.forget();
  check(of('forwardMessages'), (await ada.call('forwardMessages', toBob, [first])).statusCode, 200);
  const forwarded = await heard(again, of('the forwarded message'), message => message.msgType === 'receiveMessage');
  check(of('what is forwarded'), [forwarded.msgBody.message, forwarded.msgId !== first], ['Hi again Ω', true]);
}

async function typing(of, { ada, again }) {
  for (const [name, word] of [['sendTypingStatus', 'composing'], ['sendTypingGoneStatus', 'gone']]) {
    check(of(name), (await ada.call(name, toBob)).statusCode, 200);
    check(of(`${name} at the other`), (await heard(again, of(word), message => message.msgType === word)).fromUserId, 'ada');
  }
}

async function pages(of, { ada, again }) {
  for (const n of [1, 2, 3, 4, 5]) await again.call('sendTextMessage', { toJid: toAda, messageText: `page ${n}` });
  await heard(ada, of('the last of a page'), message => message.msgBody?.message === 'page 5');
  const texts = page => page.data.map(message => message.msgBody.message);
  const newest = await ada.call('getChatMessages', { toJid: toBob, limit: 2 });
  check(of('the newest page'), texts(newest), ['page 5', 'page 4']);
  const older = await ada.call('getChatMessages', { toJid: toBob, limit: 2, position: 'up', lastMessageId: newest.data.at(-1).msgId });
  check(of('the page before it'), texts(older), ['page 3', 'page 2']);
  const newer = await ada.call('getChatMessages', { toJid: toBob, limit: 2, position: 'down', lastMessageId: older.data.at(-1).msgId });
  check(of('the page after a message'), texts(newer), ['page 4', 'page 3']);
  const rows = await ada.call('getChatMessages', { toJid: toBob, limit: 2, position: 'up', lastRowId: newest.data.at(-1).rowId });
  check(of('the page before a row'), texts(rows), ['page 3', 'page 2']);
  const listed = (await ada.call('getRecentChatsByPagination', { limit: 5 })).data;
  check(of('getRecentChatsByPagination'), listed.map(chat => [chat.fromUserId, chat.msgBody.message, chat.unreadCount]), [['bob', 'page 5', 0]]);
  await again.forget();
}

async function ownChanges(of, { ada, second, again }) {
  const before = (await again.call('getChatMessages', { toJid: toAda })).data;
  const [last, previous] = (await ada.call('getChatMessages', { toJid: toBob })).data;
  await second.forget();
  check(of('deleteMessagesForMe'), (await ada.call('deleteMessagesForMe', toBob, [last.msgId])).statusCode, 200);
  const deleted = await heard(second, of('carbonDeleteMessage'), message => message.msgType === 'carbonDeleteMessage');
  check(of('what is deleted'), [deleted.msgIds ?? deleted.msgId, deleted.lastMsgId].flat(), [last.msgId, previous.msgId]);
  check(of('the history after it'), (await ada.call('getChatMessages', { toJid: toBob })).data[0].msgId, previous.msgId);

  check(of('clearChat'), (await ada.call('clearChat', toBob)).statusCode, 200);
  const cleared = await heard(second, of('carbonClearChat'), message => message.msgType === 'carbonClearChat');
  check(of('which chat is cleared'), cleared.fromUserId, 'bob');
  check(of('the history after it'), (await ada.call('getChatMessages', { toJid: toBob })).data, []);
  check(of('the chat stays on the list'), (await chats(ada)).map(chat => [chat.fromUserId, chat.msgBody.message]), [['bob', '']]);
  check(of('deleteChat'), (await ada.call('deleteChat', toBob)).statusCode, 200);
  await heard(second, of('carbonDeleteChat'), message => message.msgType === 'carbonDeleteChat');
  check(of('the list after it'), await chats(ada), []);
  check(of('what the other keeps'), (await again.call('getChatMessages', { toJid: toAda })).data.map(shown), before.map(shown));
  await again.call('sendTextMessage', { toJid: toAda, messageText: 'back' });
  await heard(ada, of('a message after it'), message => message.msgBody?.message === 'back');
  check(of('the chat comes back'), (await chats(ada)).map(chat => chat.msgBody.message), ['back']);
}

async function settings(of, { ada, second, kept }) {
  await second.forget();
  check(of('updateArchiveChat'), (await ada.call('updateArchiveChat', toBob, true)).statusCode, 200);
  const archived = await heard(second, of('archiveChatListener'), () => true, 'archiveChatListener');
  check(of('which chat is archived'), [archived.fromUserId, archived.isArchived], ['bob', true]);
  check(of('the list tells so'), (await chats(ada)).map(chat => chat.archiveStatus), [1]);
  check(of('getAllArchivedChats'), JSON.stringify((await ada.call('getAllArchivedChats')).data).includes('bob'), true);
  check(of('updateArchiveChat back'), (await ada.call('updateArchiveChat', toBob, false)).statusCode, 200);
  check(of('the list tells so after it'), (await chats(ada)).map(chat => chat.archiveStatus), [0]);

  check(of('updateMuteNotification'), (await ada.call('updateMuteNotification', [toBob], true)).statusCode, 200);
  const muted = await heard(second, of('muteChatListener'), () => true, 'muteChatListener');
  check(of('which chat is muted'), [muted.fromUserId, muted.isMuted], ['bob', true]);
  check(of('the list tells so'), (await chats(ada)).map(chat => chat.muteStatus), [1]);
  check(of('updateUserSettings'), (await ada.call('updateUserSettings', true)).statusCode, 200);
  check(of('userSettingsListener'), await heard(second, of('settings'), () => true, 'userSettingsListener'), { archive: 1 });
  check(of('updateRecentChatUnreadCount'), (await ada.call('updateRecentChatUnreadCount', toBob)).statusCode, 200);
  check(of('unread after it'), (await chats(ada)).map(chat => chat.unreadCount), [0]);
  // A minute later the SDK's timer reads the end of the token out of it.
  const token = (await ada.call('getUserToken', 'ada', kept.ada)).userToken;
  holds(of('getUserToken'), JSON.parse(atob(token.split('.')[1])).exp > Date.now() / 1000, token);
}

/** What is sent across a block is acknowledged, and never shown to the other. */
async function blocks(of, { ada, again }) {
  check(of('blockUser'), (await ada.call('blockUser', toBob)).statusCode, 200);
  for (const who of [ada, again]) await who.forget();
  check(of('sendTextMessage across a block'), (await again.call('sendTextMessage', { toJid: toAda, messageText: 'unheard' })).statusCode, 200);
  await heard(again, of('its acknowledgement'), message => message.type === 'acknowledge');
  await again.call('sendTypingStatus', toAda);
  await never(of('nothing is received across a block'), async () =>
    (await ada.heard('messageListener')).find(message => ['receiveMessage', 'composing'].includes(message.msgType)));
  check(of('unblockUser'), (await ada.call('unblockUser', toBob)).statusCode, 200);
  await again.call('sendTextMessage', { toJid: toAda, messageText: 'heard' });
  await heard(ada, of('a message after it'), message => message.msgBody?.message === 'heard');
  check(of('the history after it'), (await ada.call('getChatMessages', { toJid: toBob })).data.map(shown), [['heard', 'bob'], ['back', 'bob']]);
}

const chats = async who => (await who.call('getRecentChats')).data;

const shown = message => [message.msgBody.message, message.fromUserId];

function heard(who, what, isIt, listener = 'messageListener') {
  return eventually(what, async () => (await who.heard(listener)).find(isIt));
}
