// Knows a user's conversations: with whom, when and how many messages. Texts are shown in a demo, or on record.

import { at, del, get, isDemo, post } from './api.js';
import { bytes, confirm, count, during, empty, h, portrait, problem, show, skeleton, toast, when } from './dom.js';

/** Conversations, and messages, on a page. */
const PAGE = 25;

const ORIGINS = { qiscus: 'Qiscus', mirrorfly: 'MirrorFly', tencent: 'Tencent', native: 'this API' };

/** `n` things, with the word in the singular or the plural. */
const counted = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

/** The list of conversations of the user whose calls are below `path`; a conversation opens in its place. */
export function conversations({ path, user }) {
  const place = h('div.stack');
  const open = row => {
    show(place, conversation(path, user, row, back));
    place.querySelector('button').focus();
  };
  const list = () => show(place, listOf(path, open));
  const back = () => {
    list();
    place.closest('[role=tabpanel]').focus();
  };
  list();
  return place;
}

function listOf(path, open) {
  const list = h('ul.people');
  const more = h('div');
  let seen = 0;
  const row = one => {
    const { user } = one;
    const facts = [counted(one.messages, 'message'), one.unread > 0 && `${count(one.unread)} unread`].filter(Boolean).join(', ');
    const tags = [
      one.is_pinned && 'pinned', one.is_archived && 'archived', one.is_hidden && 'off the list', one.mute && `muted: ${one.mute}`,
    ].filter(Boolean);
    return h('li', {},
      h('a.person', { href: `#/users/${encodeURIComponent(user.id)}` }, portrait(user),
        h('span', {}, h('b', {}, user.name ?? user.id), h('small', {}, facts, one.last_at && [' · ', when(one.last_at)]))),
      tags.map(tag => h('span.tag', {}, tag)),
      h('button.small', { type: 'button', 'aria-label': `Messages with ${user.id}`, onclick: () => open(one) }, 'Messages'));
  };
  const load = async after => {
    const page = await get(`${path}/conversations?limit=${PAGE}${after === undefined ? '' : `&after=${after}`}`);
    list.append(...page.conversations.map(row));
    seen += page.conversations.length;
    const older = () => load(page.next).catch(reason => show(more, problem(reason)));
    show(more, page.next !== null && h('button', { type: 'button', onclick: older }, 'Older'),
      seen === 0 && empty('No conversations', 'The first message from or to this user, through any vendor’s API, appears here.'));
  };
  show(more, skeleton(3));
  load().catch(reason => show(more, problem(reason)));
  return [list, more];
}

/** The messages of one conversation, newest first as they are loaded, oldest first as they are shown. */
function conversation(path, user, { user: other, marks, marks_of_other: theirs }, back) {
  const thread = h('ol.thread', { tabindex: '0', 'aria-label': `Messages of ${user.id} and ${other.id}` });
  const note = h('div');
  const more = h('div.actions');
  const base = `${path}/conversations${at(other.id)}`;
  let hasTexts = false;

  const recall = (message, item) => {
    const button = h('button.quiet.small', { type: 'button', 'aria-label': `Recall message ${message.seq}` }, 'Recall');
    button.addEventListener('click', () => during(button, note, async () => {
      if (!await confirm('Recall this message?', `Its content is wiped for ${user.id} and ${other.id}. This cannot be undone.`, 'Recall')) return;
      await del(`${base}/messages${at(message.id)}`);
      item.replaceWith(row({ ...message, recalled_at: new Date().toISOString(), text: hasTexts ? '' : undefined }));
      toast('The message is recalled');
    }));
    return button;
  };
  const row = message => {
    const item = h('li', { class: message.from === user.id ? 'said is-own' : 'said' });
    const words = message.recalled_at ? 'Recalled' : message.text === undefined ? `${message.kind}, ${bytes(message.bytes)}` : null;
    item.append(
      h('p', {}, words ? h('em', {}, words) : message.text),
      h('p.num', {}, message.from, ' · ', when(message.at), ` · ${ORIGINS[message.origin]} · ${message.state}`, message.edited_at && ' · edited',
        !message.recalled_at && recall(message, item)));
    return item;
  };
  const load = async before => {
    const page = hasTexts && !isDemo
      ? await post(`${base}/texts`, { limit: PAGE, ...before && { before } })
      : await get(`${base}/messages?limit=${PAGE}${before ? `&before=${before}` : ''}`);
    hasTexts = page.has_texts;
    const rows = page.messages.map(row).reverse();
    if (before) thread.prepend(...rows);
    else show(thread, rows);
    const older = h('button', { type: 'button' }, 'Older');
    older.addEventListener('click', () => during(older, note, () => load(page.next)));
    const read = h('button', { type: 'button' }, 'Show text');
    read.addEventListener('click', () => during(read, note, async () => {
      hasTexts = true;
      await load().catch(reason => {
        hasTexts = false;
        throw reason;
      });
      thread.focus();
    }));
    show(more, page.next !== null && older, !hasTexts && page.messages.length > 0 && read,
      !isDemo && h('span.hint', {}, hasTexts ? 'The audit log says how many messages you have read.'
        : 'An entry in the audit log will name you, both users and how many messages you read.'));
    thread.hidden = thread.children.length === 0;
    if (!before) thread.scrollTop = thread.scrollHeight;
    if (thread.hidden) show(more, empty('No messages', 'They were deleted, or the conversation has none yet.'));
  };
  const readBy = (id, { read_at: readAt }) => [`${id} has read `, readAt ? ['up to ', when(readAt)] : 'nothing'];
  show(more, skeleton(3));
  load().catch(reason => show(more, problem(reason)));
  return [
    h('div.between', {}, h('h2', {}, `With ${other.name ?? other.id}`), h('button.small', { type: 'button', onclick: back }, 'All conversations')),
    h('p.hint', {}, readBy(user.id, marks), '. ', readBy(other.id, theirs), '.'),
    thread, note, more,
  ];
}
