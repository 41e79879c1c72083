// Knows the list of an app's users: searched by the server, page by page, with the columns one wants to see.

import { get, post } from './api.js';
import { column, count, dialog, during, empty, field, h, newId, portrait, problem, show, skeleton, table, tick, toast, when } from './dom.js';
import * as house from './house.js';
import { go } from './router.js';

export const title = 'Users';

const PAGE_USERS = 25;

/** How long typing must pause before the server is asked. */
const PAUSE_MS = 150;

const COLUMNS = [
  { id: 'state', label: 'State', cell: user => h('span', { class: `tag${user.state === 'active' ? '' : ' is-refused'}` }, user.state) },
  { id: 'status', label: 'Status text', cell: user => user.status ?? '–' },
  { id: 'email', label: 'Email', cell: user => user.email ?? '–' },
  { id: 'mobile', label: 'Mobile', cell: user => user.mobile ?? '–' },
  { id: 'created_at', label: 'Created', cell: user => when(user.created_at) },
  { id: 'updated_at', label: 'Changed', cell: user => when(user.updated_at) },
];
const USUAL = ['state', 'status', 'updated_at'];
const KEPT = 'standin.columns';

export async function open(place, { query, signal }) {
  if (!house.app()) return show(place, h('h1', {}, 'Users'), empty('No app yet', 'Users belong to an app.', h('a.button', { href: '#/apps' }, 'Make an app')));
  const { fields } = await get(house.inApp('fields'));
  if (signal.aborted) return;
  const custom = fields.map(({ name }) => ({ id: `custom.${name}`, label: name, cell: user => user.custom?.[name] ?? '–' }));
  const view = {
    signal,
    columns: [...COLUMNS, ...custom],
    chosen: JSON.parse(localStorage.getItem(KEPT) ?? 'null') ?? USUAL,
    asked: { search: query.get('search') ?? '' },
    /** The cursors of the pages before this one; the last is this one's. */
    pages: [''],
    asking: null,
    facts: h('p.hint', { role: 'status' }),
    list: h('div'),
    pager: h('div.actions'),
  };
  show(place,
    h('div.between', {}, h('h1', {}, 'Users'), h('button.primary', { type: 'button', onclick: create }, 'New user')),
    h('div.stack', {}, asker(view, fields), view.facts, view.list, view.pager));
  show(view.list, skeleton(6));
  await load(view);
}

/** What to look for; typing asks the server once it pauses. */
function asker(view, fields) {
  const search = h('input', { type: 'search', id: newId(), value: view.asked.search, placeholder: 'Name, id or email', spellcheck: 'false', autocapitalize: 'none' });
  const by = h('select', { 'aria-label': 'Field to filter by' }, h('option', { value: '' }, 'Any field'), fields.map(({ name }) => h('option', { value: name }, name)));
  const value = h('input', { 'aria-label': 'Value of that field', placeholder: 'is exactly…' });
  value.hidden = true;
  let pause;
  const again = () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      view.asked = { search: search.value, ...(by.value && value.value && { field: by.value, value: value.value }) };
      view.pages = [''];
      load(view);
    }, PAUSE_MS);
  };
  search.addEventListener('input', again);
  value.addEventListener('input', again);
  by.addEventListener('change', () => {
    value.hidden = !by.value;
    if (!by.value) value.value = '';
    again();
  });
  return h('search.bar', {},
    h('label.unseen', { for: search.id }, 'Search users'), h('div.grow', {}, search),
    fields.length > 0 && [by, value], picker(view));
}

/** Asks for the page that is looked at; a question that is not answered yet is taken back. */
async function load(view) {
  view.asking?.abort();
  view.asking = new AbortController();
  const { signal } = view.asking;
  const asked = new URLSearchParams({ limit: PAGE_USERS, ...view.asked, after: view.pages.at(-1) });
  ['search', 'after'].forEach(name => asked.get(name) || asked.delete(name));
  const ask = () => get(`${house.inApp('users')}?${asked}`, { signal });
  const began = performance.now();
  try {
    let page = await ask();
    while (page.users.length === 0 && page.next) { // a stretch of people of whom none fits
      asked.set('after', page.next);
      page = await ask();
    }
    if (!view.signal.aborted) draw(view, page, performance.now() - began);
  } catch (reason) {
    if (reason.name !== 'AbortError') show(view.list, problem(reason));
  }
}

function draw(view, page, ms) {
  const of = typeof page.total === 'number' ? ` of ${count(page.total)}` : '';
  view.facts.textContent = page.users.length > 0 ? `${page.users.length}${of}, in ${Math.round(ms)} ms` : '';
  show(view.list, page.users.length > 0
    ? listed(page.users, view.columns.filter(({ id }) => view.chosen.includes(id)))
    : nobody(view.asked));
  const step = (label, isOpen, move) => h('button', { type: 'button', disabled: !isOpen, onclick: () => { move(); load(view); } }, label);
  show(view.pager, (page.next || view.pages.length > 1) && [
    step('Back', view.pages.length > 1, () => view.pages.pop()),
    step('Next', Boolean(page.next), () => view.pages.push(page.next)),
    h('span.hint', {}, `Page ${view.pages.length}`),
  ]);
}

const nobody = ({ search, value }) => (search || value
  ? empty('Nobody like that', 'The search looks for what you typed anywhere in name, id and email.')
  : empty('Nobody here yet', 'Users come when an app registers or logs one in, on any of the three wires.',
    h('div.actions', {}, h('a.button', { href: '#/connect' }, 'Connect an app'), h('button', { type: 'button', onclick: create }, 'New user'))));

function listed(users, columns) {
  const row = user => h('tr', {},
    h('td', {}, h('a.person', { href: `#/users/${encodeURIComponent(user.id)}` },
      portrait(user), h('span', {}, h('b', {}, user.name ?? user.id), h('small', {}, user.id)))),
    columns.map(({ cell }) => h('td.wide', {}, cell(user))));
  return table('Users', [column('User'), columns.map(({ label }) => column(label, true))], users.map(row));
}

/** Which columns there are, with a tick at those that show. */
function picker(view) {
  const choose = () => dialog('Columns', close => {
    const ticks = view.columns.map(({ id, label }) => ({ id, ...tick(label, view.chosen.includes(id)) }));
    const done = () => {
      view.chosen = ticks.filter(({ box }) => box.checked).map(({ id }) => id);
      localStorage.setItem(KEPT, JSON.stringify(view.chosen));
      close();
      load(view);
    };
    return [h('div.stack', {}, ticks.map(({ row }) => row)), h('div.actions', {}, h('button.primary', { type: 'button', onclick: done }, 'Show these'))];
  });
  return h('button.wide', { type: 'button', onclick: choose }, 'Columns');
}

/** Makes a user, and goes to them. */
function create() {
  return dialog('New user', close => {
    const id = h('input', { required: true, pattern: '[A-Za-z0-9._@\\-]{1,191}', maxlength: 191, autocapitalize: 'none', spellcheck: 'false' });
    const name = h('input', {});
    const password = h('input', { type: 'password', autocomplete: 'new-password' });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Create');
    const submit = event => {
      event.preventDefault();
      during(button, note, async () => {
        const given = { id: id.value };
        if (name.value) given.name = name.value;
        if (password.value) given.password = password.value;
        await post(house.inApp('users'), given);
        close();
        toast(`${id.value} is there`);
        go(`/users/${encodeURIComponent(id.value)}`);
      });
    };
    return h('form', { onsubmit: submit },
      field('Id', id, 'Letters, digits and . _ @ - only; it never changes. Tencent lists ids of up to 32.'),
      field('Name', name), field('Password', password, 'Leave it empty and only an issued one works.'), note,
      h('div.actions', {}, button, h('button', { type: 'button', onclick: () => close() }, 'Cancel')));
  });
}
