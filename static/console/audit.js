// Knows who changed what in this house, newest first.

import { get } from './api.js';
import { column, empty, h, problem, show, skeleton, table, when } from './dom.js';

export const title = 'Audit log';

const PAGE_DEEDS = 50;

export async function open(place, { signal }) {
  const more = h('div.actions');
  const list = h('div');
  const rows = [];
  show(place, h('h1', {}, 'Audit log'), h('p.lede', {}, 'Every change made here or by a command: who, what, to whom. Never a secret.'), list, more);
  show(list, skeleton(6));
  async function load(after) {
    const page = await get(`/audit?limit=${PAGE_DEEDS}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    if (signal.aborted) return;
    rows.push(...page.deeds.map(row));
    const older = () => load(page.next).catch(reason => show(more, problem(reason)));
    show(more, page.next && h('button', { type: 'button', onclick: older }, 'Older'));
    show(list, rows.length > 0 ? table('Changes', HEADS.map(head => column(...head)), rows)
      : empty('Nothing was changed yet', 'The first change of an app, a user or a field stands here a moment later.'));
  }
  try {
    await load();
  } catch (reason) {
    show(list, problem(reason));
  }
}

const HEADS = [['When'], ['Who'], ['What'], ['To whom', true], ['Of it', true]];

function row(deed) {
  const who = deed.who?.admin ?? h('span.tag', {}, 'command line');
  const target = deed.target && deed.action.startsWith('user')
    ? h('a', { href: `#/users/${encodeURIComponent(deed.target)}` }, deed.target)
    : deed.target ?? deed.app ?? '–';
  return h('tr', {}, h('td', {}, when(deed.at)), h('td', {}, who), h('td', {}, h('code', {}, deed.action)), h('td.wide', {}, target), h('td.wide', {}, deed.detail || '–'));
}
