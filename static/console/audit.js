// Knows who changed what in this house, newest first.

import { get } from './api.js';
import { empty, h, problem, show, skeleton, when } from './dom.js';

export const title = 'Audit log';

const PAGE_DEEDS = 50;

export async function open(place, { signal }) {
  const body = h('tbody');
  const more = h('div.actions');
  const list = h('div');
  show(place, h('h1', {}, 'Audit log'), h('p.lede', {}, 'Every change made here or by a command: who, what, to whom. Never a secret.'), list, more);
  show(list, skeleton(6));
  async function load(after) {
    const page = await get(`/audit?limit=${PAGE_DEEDS}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    if (signal.aborted) return;
    body.append(...page.deeds.map(row));
    show(more, page.next && h('button', { type: 'button', onclick: () => load(page.next) }, 'Older'));
    if (body.children.length === 0) return show(list, empty('Nothing was changed yet', 'The first change of an app, a user or a field stands here a moment later.'));
    if (!after) show(list, h('div.scroll', {}, h('table', {}, h('caption.unseen', {}, 'Changes'), head(), body)));
  }
  try {
    await load();
  } catch (reason) {
    show(list, problem(reason));
  }
}

const head = () => h('thead', {}, h('tr', {},
  h('th', { scope: 'col' }, 'When'), h('th', { scope: 'col' }, 'Who'), h('th', { scope: 'col' }, 'What'),
  h('th.wide', { scope: 'col' }, 'To whom'), h('th.wide', { scope: 'col' }, 'Of it')));

function row(deed) {
  const who = deed.who?.admin ?? h('span.tag', {}, 'command line');
  const target = deed.target && deed.action.startsWith('user')
    ? h('a', { href: `#/users/${encodeURIComponent(deed.target)}` }, deed.target)
    : deed.target ?? deed.app ?? '–';
  return h('tr', {}, h('td', {}, when(deed.at)), h('td', {}, who), h('td', {}, h('code', {}, deed.action)), h('td.wide', {}, target), h('td.wide', {}, deed.detail || '–'));
}
