// Knows the chat of a device of the live demo: the messages of its user with the other device's user, read and sent through the API of its
// own vendor.

import { announce, during, field, form, h, problem, show, when } from './dom.js';
import { recordChange, refusal } from './vendors.js';

/** The kinds of events after which the messages of a conversation look different. */
const KINDS = /^(message|messages|mark|receipts|conversation)_/;

export const isAboutChat = event => KINDS.test(event.kind);

/** The chat of `side`, a device of demo.js. It has no box if the vendor's API has no chat here, or both devices have the same user. */
export function chat(side) {
  const thread = h('ol.thread', { tabindex: '0' });
  const text = h('input', { required: true, autocomplete: 'off' });
  const note = h('div');
  const button = h('button', { type: 'submit', 'aria-label': 'Send message' }, 'Send');
  const place = h('div.own');
  let isLoading = false;
  let isBehind = false;
  let isMarking = false;
  let isMarkLate = false;
  let newest = null;

  const row = message => h('li', { class: message.isOwn ? 'said is-own' : 'said' },
    h('p', {}, message.isRecalled ? h('em', {}, 'Recalled') : message.text),
    h('p.num', {}, when(message.at, 'medium'), message.isOwn && ` · ${message.state}`));

  const load = async () => {
    const { api, user, other } = side;
    const messages = await api.chat.read(user.id, other.user.id);
    if (api !== side.api || user !== side.user || other.user !== side.other.user) return;
    show(thread, messages.map(row));
    thread.hidden = messages.length === 0;
    thread.scrollTop = thread.scrollHeight;
    const last = messages.at(-1);
    if (newest !== null && last && last.id !== newest && !last.isOwn) announce(`${other.user.id} wrote: ${last.text}`);
    newest = last?.id ?? '';
    if (messages.some(message => !message.isOwn && message.state !== 'read')) mark(api, user.id, other.user.id, messages);
  };

  /** Marks messages as read. Reading goes on meanwhile; what it finds unread then is marked afterwards. */
  const mark = async (api, id, other, messages) => {
    isMarkLate = isMarking;
    if (isMarking) return;
    isMarking = true;
    await api.chat.markRead(id, other, messages).catch(reason => show(note, problem(reason)));
    isMarking = false;
    if (isMarkLate) look();
  };

  /** Reads the messages again; a call meanwhile leads to one more read. */
  const look = async () => {
    if (!place.hasChildNodes()) return;
    isBehind = true;
    if (isLoading) return;
    isLoading = true;
    try {
      while (isBehind) {
        isBehind = false;
        await load();
      }
      show(note);
    } catch (reason) {
      show(note, problem(reason));
    } finally {
      isLoading = false;
    }
  };

  const submit = () => during(button, note, async () => {
    const { api, user, other } = side;
    await recordChange(api.id, user.id, 'message');
    const refused = refusal(await api.chat.send(user.id, other.user.id, text.value));
    if (refused) throw new Error(`${api.name} refused it: ${refused}`);
    text.value = '';
  });

  /** Begins anew, after a change of the user or the vendor of either device. */
  const draw = () => {
    const { api, user, other } = side;
    newest = null;
    show(thread);
    if (!api.chat || user.id === other.user.id) return show(place);
    thread.setAttribute('aria-label', `Messages of ${user.id}, through ${api.name}`);
    show(place, h('h3', {}, `${user.id} and ${other.user.id}`), thread,
      form(note, submit, h('div.row', {}, field(`Message through ${api.name}`, text), button)), note);
    return look();
  };
  return { element: place, draw, look };
}
