// Knows which administrator or command changed what, newest first.

import { get } from './api.js';
import { empty, h, problem, show, skeleton, stackedTable, when } from './dom.js';

export const title = 'Audit log';

const PAGE_DEEDS = 50;

export async function open(place, { signal }) {
  const more = h('div.actions');
  const list = h('div');
  const rows = [];
  show(place, h('h1', {}, 'Audit log'), h('p.lede', {}, 'Every change made in this console or by a command, and each reading of messages: who did it, what was done, to whom. Values and secrets are not recorded.'), list, more);
  show(list, skeleton(6));
  async function load(after) {
    const page = await get(`/audit?limit=${PAGE_DEEDS}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    if (signal.aborted) return;
    rows.push(...page.entries.map(row));
    const older = () => load(page.next).catch(reason => show(more, problem(reason)));
    show(more, page.next && h('button', { type: 'button', onclick: older }, 'Older'));
    show(list, rows.length > 0 ? stackedTable('Changes', COLUMNS, rows)
      : empty('No change yet', 'The first change of an app, a user or a field appears here at once.'));
  }
  try {
    await load();
  } catch (reason) {
    show(list, problem(reason));
  }
}

const COLUMNS = ['When', 'Who', 'Action', 'Target', 'Details'];

function row(deed) {
  const who = deed.who?.admin ?? h('span.tag', {}, 'command line');
  const target = deed.target && deed.action.startsWith('user')
    ? h('a', { href: `#/users/${encodeURIComponent(deed.target)}` }, deed.target)
    : deed.target ?? deed.app ?? '–';
  return [when(deed.at, 'medium'), who, h('code', {}, deed.action), target, deed.detail || '–'];
}
