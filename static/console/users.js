// Knows the list of an app's users: searched by the server, page by page, with the columns that the reader chose.

import { get, post } from './api.js';
import { column, count, dialog, during, empty, field, form, h, newId, portrait, problem, show, skeleton, table, tick, toast, when } from './dom.js';
import * as selected from './selected.js';
import { go } from './router.js';

export const title = 'Users';

const PAGE_USERS = 25;

/** The pause in typing after which the server is called. */
const PAUSE_MS = 150;

const isSuspended = user => user.state !== 'active';
const stateTag = (user, more = '') => h(`span.tag${isSuspended(user) ? '.is-refused' : ''}${more}`, {}, user.state);

const COLUMNS = [
  { id: 'state', label: 'State', cell: user => stateTag(user) },
  { id: 'status', label: 'Status text', cell: user => user.status ?? '–' },
  { id: 'email', label: 'Email', cell: user => user.email ?? '–' },
  { id: 'mobile', label: 'Mobile', cell: user => user.mobile ?? '–' },
  { id: 'created_at', label: 'Created', cell: user => when(user.created_at) },
  { id: 'updated_at', label: 'Changed', cell: user => when(user.updated_at) },
];
const USUAL = ['state', 'status', 'updated_at'];
const KEPT = 'standin.columns';

export async function open(place, { query, signal }) {
  if (!selected.app()) return show(place, h('h1', {}, 'Users'), empty('No app yet', 'Users belong to an app.', h('a.button', { href: '#/apps' }, 'Create an app')));
  const { fields } = await get(selected.inApp('fields'));
  if (signal.aborted) return;
  const custom = fields.map(({ name }) => ({ id: `custom.${name}`, label: name, cell: user => user.custom?.[name] ?? '–' }));
  const view = {
    signal,
    columns: [...COLUMNS, ...custom],
    chosen: JSON.parse(localStorage.getItem(KEPT) ?? 'null') ?? USUAL,
    asked: { search: query.get('search') ?? '' },
    /** The cursors of the pages up to the one that is shown. */
    pages: [''],
    asking: null,
    facts: h('p.hint', { role: 'status' }),
    list: h('div'),
    pager: h('div.actions'),
  };
  show(place,
    h('div.between', {}, h('h1', {}, 'Users'), h('button.primary', { type: 'button', onclick: create }, 'New user')),
    h('div.stack', {}, searchBar(view, fields), view.facts, view.list, view.pager));
  show(view.list, skeleton(6));
  await load(view);
}

/** What to search for. The server is called when typing pauses. */
function searchBar(view, fields) {
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

/** Loads the page that is shown; a request that is still running is cancelled. */
async function load(view) {
  view.asking?.abort();
  view.asking = new AbortController();
  const { signal } = view.asking;
  const asked = new URLSearchParams({ limit: PAGE_USERS, ...view.asked, after: view.pages.at(-1) });
  ['search', 'after'].forEach(name => asked.get(name) || asked.delete(name));
  const ask = () => get(`${selected.inApp('users')}?${asked}`, { signal });
  const began = performance.now();
  try {
    let page = await ask();
    while (page.users.length === 0 && page.next) { // the server searched a part of the users and found none there
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
    : noUser(view.asked));
  const step = (label, isOpen, move) => h('button', { type: 'button', disabled: !isOpen, onclick: () => { move(); load(view); } }, label);
  show(view.pager, (page.next || view.pages.length > 1) && [
    step('Back', view.pages.length > 1, () => view.pages.pop()),
    step('Next', Boolean(page.next), () => view.pages.push(page.next)),
    h('span.hint', {}, `Page ${view.pages.length}`),
  ]);
}

const noUser = ({ search, value }) => (search || value
  ? empty('No user found', 'The search looks for your text anywhere in name, id and email.')
  : empty('No users yet', 'An app creates users when it registers them or logs them in, through any of the three vendors’ APIs.',
    h('div.actions', {}, h('a.button', { href: '#/connect' }, 'Connect an app'), h('button', { type: 'button', onclick: create }, 'New user'))));

function listed(users, columns) {
  // The column of the state is hidden on a narrow screen, and may be switched off.
  const tagPlace = columns.some(({ id }) => id === 'state') ? '.narrow' : '';
  const row = user => h('tr', {},
    h('td', {}, h('a.person', { href: `#/users/${encodeURIComponent(user.id)}` },
      portrait(user), h('span', {}, h('b', {}, user.name ?? user.id), h('small', {}, user.id), isSuspended(user) && stateTag(user, tagPlace)))),
    columns.map(({ cell }) => h('td.wide', {}, cell(user))));
  return table('Users', [column('User'), columns.map(({ label }) => column(label, true))], users.map(row));
}

/** The choice of columns. */
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

/** Creates a user and opens its page. */
function create() {
  return dialog('New user', close => {
    const id = h('input', { required: true, pattern: '[A-Za-z0-9._@\\-]{1,191}', 'data-rule': 'an id has letters, digits and . _ @ - only.', maxlength: 191, autocapitalize: 'none', spellcheck: 'false' });
    const name = h('input', {});
    const password = h('input', { type: 'password', autocomplete: 'new-password' });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Create');
    const submit = () => during(button, note, async () => {
      const given = { id: id.value };
      if (name.value) given.name = name.value;
      if (password.value) given.password = password.value;
      await post(selected.inApp('users'), given).catch(reason => {
        if (reason.status === 409) reason.advice = 'Choose another id.';
        throw reason;
      });
      close();
      toast(`${id.value} is created`);
      go(`/users/${encodeURIComponent(id.value)}`);
    });
    return form(note, submit,
      field('Id', id, 'Letters, digits and . _ @ - only. An id never changes. Tencent’s lists show ids of up to 32 characters.'),
      field('Name', name), field('Password', password, 'If you leave it empty, only the issued password works.'), note,
      h('div.actions', {}, button, h('button', { type: 'button', onclick: () => close() }, 'Cancel')));
  });
}
