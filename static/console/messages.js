// Knows how each vendor's API reads, sends and marks the messages of two users, in one form for all.

import { base } from './api.js';
import { ask, asQiscusUser, json, refusal, tencentCall } from './vendors.js';

/** Messages of a chat that are shown. */
const SHOWN = 20;

/** What is shown of a message after it came as far as this. */
const STATES = ['sent', 'delivered', 'read'];

/** The body of a response that is no error. */
async function expected(answering) {
  const answer = await answering;
  const refused = refusal(answer);
  if (refused) throw new Error(refused);
  return answer.body;
}

/**
 * Returns for each vendor `read(id, other)`, the messages of two users, oldest first: `{ id, isOwn, isRecalled, at, text, state }`;
 * `send(id, other, text)`, the response; and `markRead(id, other, messages)`, which marks those that `read` returned.
 */
export const chatApis = (app, keys) => ({ mirrorfly: mirrorfly(keys), qiscus: qiscus(app, keys), tencent: tencent(app) });

/** Tencent's API for back ends. It has no state of a message, but counts those that a user has not read. */
function tencent(app) {
  const call = (command, body) => expected(tencentCall(app, `openim/${command}`, body));
  const unread = async (id, of) => (await call('get_c2c_unread_msg_num', { To_Account: id, Peer_Account: [of] })).C2CUnreadMsgNumList[0]?.C2CUnreadMsgNum ?? 0;
  const textOf = elements => elements.map(({ MsgContent: { Text, Desc, Data } }) => Text ?? (Desc || Data)).join(' ');

  return {
    async read(id, other) {
      const history = call('admin_getroammsg', { Operator_Account: id, Peer_Account: other, MaxCnt: SHOWN });
      const left = { [other]: await unread(other, id), [id]: await unread(id, other) };
      const message = item => {
        const isRecalled = item.MsgFlagBits === 8;
        const isUnread = !isRecalled && left[item.To_Account] > 0;
        if (isUnread) left[item.To_Account] -= 1;
        return {
          id: item.MsgKey, isOwn: item.From_Account === id, isRecalled, at: new Date(item.MsgTimeStamp * 1000).toISOString(),
          text: textOf(item.MsgBody), state: isUnread ? 'sent' : 'read',
        };
      };
      // The unread ones are the last ones.
      return (await history).MsgList.reverse().map(message).reverse();
    },
    send(id, other, text) {
      const [seq, random] = crypto.getRandomValues(new Uint32Array(2));
      const body = [{ MsgType: 'TIMTextElem', MsgContent: { Text: text } }];
      return tencentCall(app, 'openim/sendmsg', { SyncOtherMachine: 1, From_Account: id, To_Account: other, MsgSeq: seq, MsgRandom: random, MsgBody: body });
    },
    markRead: (id, other) => call('admin_set_msg_read', { Report_Account: id, Peer_Account: other }),
  };
}

/** Qiscus' API for SDKs. The room comes with its newest messages. */
function qiscus(app, keys) {
  const rooms = new Map();
  const call = async (id, name, body) => {
    const headers = { ...await asQiscusUser(app, keys, id), 'content-type': 'application/json' };
    return json(ask(`api/v2/sdk/${name}`, { method: 'POST', headers, body: JSON.stringify(body) }));
  };
  const room = async (id, other) => {
    const { results } = await expected(call(id, 'get_or_create_room_with_target', { emails: [other] }));
    rooms.set(`${id} ${other}`, results.room.id);
    return results;
  };
  const roomOf = async (id, other) => rooms.get(`${id} ${other}`) ?? (await room(id, other)).room.id;

  return {
    async read(id, other) {
      const message = one => ({
        id: one.id, isOwn: one.email === id, isRecalled: one.is_deleted, at: one.timestamp, text: one.message, state: one.status,
      });
      return (await room(id, other)).comments.map(message).reverse();
    },
    async send(id, other, text) {
      const [random] = crypto.getRandomValues(new Uint32Array(1));
      const name = `console-${Date.now()}-${random}`;
      return call(id, 'post_comment', { comment: text, topic_id: String(await roomOf(id, other)), unique_temp_id: name, type: 'text' });
    },
    async markRead(id, other, messages) {
      await expected(call(id, 'update_comment_status', { room_id: await roomOf(id, other), last_comment_read_id: messages.at(-1).id }));
    },
  };
}

/** The initialisation vector with which MirrorFly's clients encrypt messages. The key is made from a message's id. */
const IV = 'ddc0f15cc2c90fca';

const XMPP = { framing: 'urn:ietf:params:xml:ns:xmpp-framing', sasl: 'urn:ietf:params:xml:ns:xmpp-sasl', bind: 'urn:ietf:params:xml:ns:xmpp-bind' };

/** MirrorFly's API for its SDK, over HTTP. What a user has seen it learns on its socket alone. */
function mirrorfly(keys) {
  const registered = new Map();
  const register = id => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ userIdentifier: id, deviceType: 'web', licenseKey: keys.license_key });
    return expected(json(ask('api/v1/sandbox/register', { method: 'POST', headers, body })));
  };
  const signedIn = id => {
    if (!registered.has(id)) {
      const promised = register(id);
      promised.catch(() => registered.delete(id));
      registered.set(id, promised);
    }
    return registered.get(id);
  };
  const call = async (id, path, init = {}) => {
    const { token } = await signedIn(id);
    const answer = await json(ask(`api/v1/chat/${path}`, { ...init, headers: { authorization: token } }));
    // A token is valid for an hour: the next call gets a new one.
    if (answer.status === 401) registered.delete(id);
    return answer;
  };

  return {
    async read(id, other) {
      const path = `chat-history?chatType=singlechat&participant=${encodeURIComponent(other)}&size=${SHOWN}`;
      const [{ username }, { data }] = await Promise.all([signedIn(id), expected(call(id, path))]);
      return Promise.all(data.chatList.map(async row => ({
        id: row.messageId, isOwn: row.fromUser === username, isRecalled: row.recallStatus === 1, from: row.fromUser,
        at: new Date(row.epochTimestamp / 1000).toISOString(), text: await decrypted(row.messageId, row.message), state: STATES[row.deliveryStatus],
      })));
    },
    send: (id, other, text) => call(id, 'sendmessage', { method: 'POST', body: new URLSearchParams({ chatType: 'chat', toUser: other, message: text }) }),
    async markRead(id, other, messages) {
      const last = messages.findLast(message => !message.isOwn);
      await reportSeen(await signedIn(id), last);
    },
  };
}

const utf8 = text => new TextEncoder().encode(text);

async function decrypted(id, cipher) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(id)));
  const digits = [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const key = await crypto.subtle.importKey('raw', utf8(digits.slice(0, 32)), 'AES-CBC', false, ['decrypt']);
  const bytes = Uint8Array.from(atob(cipher), letter => letter.charCodeAt(0));
  const plain = await crypto.subtle.decrypt({ name: 'AES-CBC', iv: utf8(IV) }, key, bytes);
  return JSON.parse(decodeURIComponent(new TextDecoder().decode(plain))).message;
}

const escaped = text => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`);

/** Says on a socket that a user has seen a message, which counts for those before it too. Resolves once the server has acknowledged it. */
function reportSeen({ username, password }, { id, from }) {
  const host = location.hostname;
  const open = `<open xmlns="${XMPP.framing}" to="${host}" version="1.0"/>`;
  /** What is said, and what must come before the next is said. */
  const talk = [
    [open, '<mechanism>'],
    [`<auth xmlns="${XMPP.sasl}" mechanism="PLAIN">${btoa(`\0${username}\0${password}`)}</auth>`, '<success'],
    [open, XMPP.bind],
    [`<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="${XMPP.bind}"><resource>console</resource></bind></iq>`, 'id="bind"'],
    [`<message xmlns="jabber:client" type="chat" id="seen" to="${from}@${host}"><seen xmlns="urn:xmpp:receipts" id="${escaped(id)}"/></message>`, '<acknowledge'],
  ];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}websocket`, 'xmpp');
    let step = 0;
    socket.addEventListener('open', () => socket.send(talk[0][0]));
    socket.addEventListener('message', ({ data }) => {
      if (!data.includes(talk[step][1])) return;
      step += 1;
      if (step < talk.length) return socket.send(talk[step][0]);
      resolve();
      socket.close();
    });
    socket.addEventListener('close', () => reject(new Error('MirrorFly’s socket was closed before the messages were marked as seen.')));
  });
}
