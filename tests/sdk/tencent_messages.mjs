/**
 * Messages of two users by one SDK: sent, heard, read, recalled, in pages that are loaded again, logged out, or open twice.
 */

import { check, eventually } from './check.mjs';
import { rest } from './tencent_client.mjs';

/** What a page shows of its conversation with somebody. */
const conversation = async (who, peer) => {
  const { conversationList } = await who.keep('getConversationList');
  return conversationList.find(({ conversationID }) => conversationID === `C2C${peer}`);
};

/** The texts of the newest page of a conversation. */
const history = async (who, peer) => {
  const { messageList, isCompleted } = await who.keep('getMessageList', { conversationID: `C2C${peer}` });
  return [messageList.map(({ payload, isRevoked }) => (isRevoked ? 'recalled' : payload.text)), isCompleted];
};

const unread = (who, peer, count) =>
  eventually(`${count} unread`, async () => ((await conversation(who, peer))?.unreadCount === count ? true : undefined));

/** Recalls the newest message of a conversation. */
const recall = (who, peer) => who.page.evaluate(async conversationID => {
  const { data } = await window.chat.getMessageList({ conversationID });
  await window.chat.revokeMessage(data.messageList.at(-1));
}, `C2C${peer}`);

export async function messages(of, house, people) {
  await house.command('app', 'set', '--tencent-sessions', '2');
  const [ada, bob] = [await people.enter('ada'), await people.enter('bob')];
  check(of('getConversationList of nobody'), (await ada.keep('getConversationList')).conversationList, []);
  check(of('getMessageList of nobody'), await history(ada, 'bob'), [[], true]);

  const sent = await ada.say('bob', 'Hello Bob \u{1F600}');
  check(of('sendMessage'), sent.kept?.status, 'success');
  const [heard] = (await bob.hears('MESSAGE_RECEIVED')).value;
  check(of('MESSAGE_RECEIVED'), [heard.from, heard.payload.text, heard.ID], ['ada', 'Hello Bob \u{1F600}', sent.kept.ID]);
  await unread(bob, 'ada', 1);
  check(of('sendMessage to nobody'), (await ada.say('nobody', 'x')).refused?.code, 20003);

  await people.reload(bob, 'bob');
  await unread(bob, 'ada', 1);
  check(of('getMessageList after a reload'), await history(bob, 'ada'), [['Hello Bob \u{1F600}'], true]);
  check(of('the last message in the list'), (await conversation(bob, 'ada')).lastMessage.payload.text, 'Hello Bob \u{1F600}');

  await ada.forget();
  await bob.keep('setMessageRead', { conversationID: 'C2Cada' });
  const [read] = (await ada.hears('MESSAGE_READ_BY_PEER')).value;
  check(of('MESSAGE_READ_BY_PEER'), [read.ID, read.isPeerRead], [sent.kept.ID, true]);
  await unread(bob, 'ada', 0);

  await bob.keep('logout');
  for (const text of ['one', 'two']) await ada.say('bob', text);
  await bob.login('bob');
  await unread(bob, 'ada', 2);
  check(of('what came meanwhile'), (await history(bob, 'ada'))[0].slice(-2), ['one', 'two']);

  const second = await people.enter('ada');
  await second.forget();
  await ada.say('bob', 'from the first page');
  await eventually(of('the other page of the sender'), async () => ((await history(second, 'bob'))[0].includes('from the first page') ? true : undefined));
  await bob.hears('MESSAGE_RECEIVED', list => list.some(({ payload }) => payload.text === 'from the first page'));

  await recall(ada, 'bob');
  for (const [name, who] of Object.entries({ bob, second })) await who.hears('MESSAGE_REVOKED').catch(wrong => { throw new Error(`${name}: ${wrong}`); });
  check(of('getMessageList after a recall'), (await history(bob, 'ada'))[0].at(-1), 'recalled');
  await unread(bob, 'ada', 2);

  await bob.keep('pinConversation', { conversationID: 'C2Cada', isPinned: true });
  const cid = await people.enter('cid');
  await cid.say('bob', 'from somebody else');
  await people.reload(bob, 'bob');
  await eventually(of('pinConversation'), async () => (await conversation(bob, 'ada'))?.isPinned || undefined);
  await bob.keep('deleteConversation', 'C2Cada');
  await people.reload(bob, 'bob');
  await eventually(of('the other conversation stays'), async () => ((await conversation(bob, 'cid')) ? true : undefined));
  check(of('deleteConversation'), await conversation(bob, 'ada'), undefined);
  for (const who of [ada, bob, second, cid]) check(of('no fault in a page with messages'), who.faults, []);
}

/** A conversation for the replay: what the page of one user does, and what the back end does in the name of the other. */
export function chatCalls(standin, ada) {
  const byBob = (text, seq) => rest(standin, 'openim/sendmsg', {
    SyncOtherMachine: 2, From_Account: 'bob', To_Account: 'ada', MsgSeq: seq, MsgRandom: 7 * seq,
    MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: text } }],
  });
  let answered;
  return [
    () => rest(standin, 'im_open_login_svc/account_import', { UserID: 'bob', Nick: 'Bob' }),
    () => ada.login('ada'),
    () => ada.keep('getConversationList'),
    () => history(ada, 'bob'),
    () => ada.say('bob', 'Hello Bob \u{1F600}'),
    async () => (answered = await byBob('Hello Ada', 1)),
    () => ada.hears('MESSAGE_RECEIVED'),
    () => ada.keep('setMessageRead', { conversationID: 'C2Cbob' }),
    () => rest(standin, 'openim/admin_set_msg_read', { Report_Account: 'bob', Peer_Account: 'ada' }),
    () => ada.hears('MESSAGE_READ_BY_PEER'),
    () => ada.say('nobody', 'x'),
    () => ada.say('bob', 'written by mistake'),
    () => recall(ada, 'bob'),
    () => rest(standin, 'openim/admin_msgwithdraw', { From_Account: 'bob', To_Account: 'ada', MsgKey: answered.MsgKey }),
    () => ada.hears('MESSAGE_REVOKED'),
    () => ada.keep('pinConversation', { conversationID: 'C2Cbob', isPinned: true }),
    () => ada.keep('setMessageRemindType', { userIDList: ['bob'], messageRemindType: 'AcceptNotNotify' }),
    () => ada.keep('deleteConversation', 'C2Cbob'),
    () => ada.keep('logout'),
  ];
}
