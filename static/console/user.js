// Knows one user: the profile and how each vendor's API shows it, the picture, contacts, conversations, sessions, and the deletion.

import { at, call, del, get, patch, post, put } from './api.js';
import {
  confirm, copyButton, dialog, during, empty, field, forgetEdits, form, h, icon, portrait, problem, show, skeleton, tabs, toast, watchEdits, when,
} from './dom.js';
import { conversations } from './conversations.js';
import { crop, pictureDrop } from './crop.js';
import * as selected from './selected.js';
import { go } from './router.js';
import { refusal, setPicture, vendorApis } from './vendors.js';

export const title = 'User';

/** Contacts on a page. */
const PAGE_CONTACTS = 25;

export async function open(place, { params, signal }) {
  const path = selected.inApp('users', params.id);
  const page = { path, fields: [], signal, user: null, tag: null };
  const head = h('div.user-head');
  const side = h('section.sheet', { 'aria-label': 'Picture' });
  const body = h('div');
  page.draw = () => {
    show(head, heading(page));
    show(side, picture(page));
  };
  page.load = async () => {
    const { json, tag } = await call('GET', path, { withTag: true });
    Object.assign(page, { user: json, tag });
    page.draw();
  };
  show(place, head, h('div.user-body', {}, side, body));
  show(head, h('h1', {}, params.id));
  show(body, skeleton(6));
  try {
    page.fields = (await get(selected.inApp('fields'))).fields;
    await page.load();
  } catch (reason) {
    if (signal.aborted) return;
    show(place, h('h1', {}, params.id), reason.status === 404
      ? empty('There is no user with this id', 'The user was deleted, or belongs to another app.', h('a.button', { href: '#/users' }, 'All users'))
      : problem(reason));
    return;
  }
  show(body, tabs('Parts of this user', [
    { id: 'profile', label: 'Profile', body: () => profile(page), keep: true },
    { id: 'vendors', label: 'At each vendor', body: () => vendors(page) },
    { id: 'contacts', label: 'Contacts', body: () => contacts(page) },
    { id: 'conversations', label: 'Conversations', body: () => conversations(page) },
    { id: 'sessions', label: 'Sessions', body: () => sessions(page) },
  ]));
}

function heading(page) {
  const { user } = page;
  const isActive = user.state === 'active';
  const note = h('div');
  const button = (word, kind, work) => {
    const made = h(`button${kind}`, { type: 'button', onclick: () => during(made, note, work) }, word);
    return made;
  };
  const setState = async () => {
    const warning = `${user.id} is signed out everywhere, and cannot sign in until you reactivate the user.`;
    if (isActive && !await confirm('Suspend this user?', warning, 'Suspend')) return;
    await patch(page.path, { state: isActive ? 'suspended' : 'active' });
    await page.load();
    toast(isActive ? 'Suspended' : 'Active again');
  };
  const remove = async () => {
    if (!await confirm('Delete this user?', `${user.id} is deleted with the picture and all contacts, for all vendors’ clients. This cannot be undone. The id becomes free.`, 'Delete for good')) return;
    await del(page.path);
    forgetEdits();
    toast(`${user.id} is deleted`);
    go('/users');
  };
  return [
    h('a', { href: '#/users' }, 'All users'),
    h('div.between', {},
      h('div.who-is', {},
        h('h1', {}, user.name ?? user.id),
        h('p.bar', {}, h('code', {}, user.id), copyButton('id', () => user.id), !isActive && h('span.tag.is-refused', {}, 'suspended'))),
      h('div.actions', {},
        button('New token', '', () => newToken(page)),
        button(isActive ? 'Suspend' : 'Reactivate', '', setState),
        button('Delete', '.danger', remove))),
    note,
  ];
}

async function newToken(page) {
  if (!await confirm('Make a new token?', 'The former token ends at once: apps that use it must log in again.', 'Make it')) return;
  const { token } = await post(`${page.path}/reset-token`);
  await dialog('The new token', close => [
    h('p', {}, 'Qiscus’ get_user_token returns it from now on.'),
    h('pre.code.wraps', { tabindex: '0' }, token),
    h('div.actions', {}, copyButton('token', () => token), h('button.primary', { type: 'button', onclick: () => close() }, 'Done')),
  ]);
}

function picture(page) {
  const { user } = page;
  const reason = user.picture_lock;
  const isLocked = reason !== null && reason !== undefined;
  const note = h('div');
  const take = async file => {
    try {
      show(note);
      const cut = await crop(file, page.signal);
      if (!cut) return;
      show(note, skeleton(1));
      await setPicture(user.id, cut);
      await page.load();
      toast('The new picture is shown to all clients');
    } catch (refused) {
      show(note, problem(refused));
    }
  };
  const button = (word, work) => {
    const made = h('button.small', { type: 'button', onclick: () => during(made, note, work) }, word);
    return made;
  };
  const remove = async () => {
    if (!await confirm('Remove the picture?', 'Clients show a drawn tile instead.', 'Remove')) return;
    await del(`${page.path}/picture`);
    await page.load();
  };
  const lock = async () => {
    const reason = isLocked ? null : await askReason();
    if (reason === undefined) return;
    await put(`${page.path}/picture-lock`, isLocked ? { locked: false } : { locked: true, reason });
    await page.load();
  };
  return [
    h('div.portrait-frame', {}, portrait(user, 'large')),
    isLocked
      ? h('p.hint', {}, icon('lock'), ` Locked: no app and no user can change it. ${reason}`)
      : pictureDrop('Drop or paste a picture, or press to choose one', take, page.signal),
    note,
    h('div.actions.centred', {}, !isLocked && button('Remove', remove), button(isLocked ? 'Unlock' : 'Lock', lock)),
  ];
}

const askReason = () => dialog('Lock the picture', close => {
  const reason = h('input', { maxlength: 200, required: true });
  const note = h('div');
  return form(note, () => close(reason.value),
    h('p', {}, 'No app and no user can change the picture until you unlock it.'),
    field('Reason', reason, 'It is shown here.'), note,
    h('div.actions', {}, h('button.primary', { type: 'submit' }, 'Lock'), h('button', { type: 'button', onclick: () => close() }, 'Cancel')));
});

const TEXTS = [['name', 'Name'], ['status', 'Status text'], ['email', 'Email'], ['mobile', 'Mobile']];

const GENDERS = [['', 'Not set'], ['unknown', 'Unknown'], ['female', 'Female'], ['male', 'Male']];

/** A form that sends only what was changed. */
function profile(page) {
  /** What the form was filled from, or saved as. */
  let { user } = page;
  const inputs = new Map(TEXTS.map(([name]) => [name, h('input', { value: user[name] ?? '' })]));
  const custom = new Map(page.fields.map(({ name }) => [name, h('input', { value: user.custom?.[name] ?? '' })]));
  const gender = h('select', {}, GENDERS.map(([value, word]) => h('option', { value, selected: (user.tencent_profile?.gender ?? '') === value }, word)));
  const location = h('input', { value: user.tencent_profile?.location ?? '' });
  const free = new Map([['extras', 'Extras (Qiscus)'], ['metadata', 'Metadata (MirrorFly)']].map(([name, label]) =>
    [name, { label, area: h('textarea', { value: JSON.stringify(user[name] ?? {}, null, 2), spellcheck: 'false' }) }]));
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Save');

  const changed = () => {
    const change = {};
    for (const [name, input] of inputs) if (input.value !== (user[name] ?? '')) change[name] = input.value || null;
    for (const [name, { label, area }] of free) {
      const given = readObject(label, area.value);
      if (JSON.stringify(given) !== JSON.stringify(user[name] ?? {})) change[name] = given;
    }
    for (const [name, input] of custom) if (input.value !== (user.custom?.[name] ?? '')) (change.custom ??= {})[name] = input.value || null;
    if (gender.value && gender.value !== user.tencent_profile?.gender) (change.tencent_profile ??= {}).gender = gender.value;
    if (location.value !== (user.tencent_profile?.location ?? '')) (change.tencent_profile ??= {}).location = location.value;
    return change;
  };
  const save = () => during(button, note, async () => {
    const change = changed();
    if (Object.keys(change).length === 0) return toast('Nothing was changed');
    await patch(page.path, change, { headers: page.tag ? { 'if-match': page.tag } : {} });
    await page.load();
    ({ user } = page);
    watchEdits(made);
    return toast('Saved, and sent to all connected clients');
  });
  const made = form(note, save,
    h('div.grid', {}, TEXTS.map(([name, label]) => field(label, inputs.get(name))), field('Gender', gender), field('Location', location)),
    page.fields.length > 0 && h('fieldset', {}, h('legend', {}, 'Custom fields'), h('div.grid', {}, [...custom].map(([name, input]) => field(name, input)))),
    h('details', {}, h('summary', {}, 'Extras and metadata'), h('div.stack', {}, [...free.values()].map(({ label, area }) => field(label, area, 'A JSON object.')))),
    note,
    h('div.between', {}, button, h('p.hint', {}, 'Created ', when(user.created_at), ', changed ', when(user.updated_at))));
  watchEdits(made);
  return made;
}

function readObject(label, text) {
  try {
    const value = JSON.parse(text || '{}');
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch { /* the error below says it */ }
  throw new Error(`${label} is not a JSON object. Put braces around it, and double quotes around names and texts.`);
}

/** What each vendor's API returns about this user, called from this page with the app's secret. */
function vendors(page) {
  const place = h('div.stack');
  show(place, skeleton(8));
  selected.secrets().then(async keys => {
    const list = vendorApis(selected.app(), keys);
    const answers = await Promise.all(list.map(api => api.read(page.user.id)));
    if (page.signal.aborted) return;
    show(place, list.map((api, n) => {
      const refused = refusal(answers[n]);
      return h('section.part', {},
        h('div.between', {}, h('h2', {}, api.name), h('code', {}, api.call)),
        refused && h('p.hint', {}, `This API refused the call: ${refused}`),
        h('pre.code.wraps', { tabindex: '0', role: 'region', 'aria-label': `${api.name} response` }, JSON.stringify(answers[n].body, null, 2)));
    }));
  }).catch(reason => show(place, problem(reason)));
  return [h('p.hint', {}, 'What each vendor’s API returns about this user now.'), place];
}

function contacts(page) {
  const list = h('ul.people');
  const more = h('div');
  const note = h('div');
  const other = h('input', { required: true, placeholder: 'user2', autocapitalize: 'none', spellcheck: 'false' });
  const button = h('button', { type: 'submit' }, 'Add contact');
  let seen = 0;

  const row = contact => {
    const { user } = contact;
    const drop = h('button.small', { type: 'button', 'aria-label': `Remove ${user.id}` }, 'Remove');
    drop.addEventListener('click', () => during(drop, note, async () => {
      await del(`${page.path}/contacts${at(user.id)}`);
      item.remove();
      toast(`${user.id} is no longer a contact`);
    }));
    const named = h('span', {}, h('b', {}, contact.name ?? user.name ?? user.id), h('small', {}, user.id));
    const item = h('li', {}, h('a.person', { href: `#/users/${encodeURIComponent(user.id)}` }, portrait(user), named), drop);
    return item;
  };
  const load = async after => {
    const answer = await get(`${page.path}/contacts?limit=${PAGE_CONTACTS}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    list.append(...answer.contacts.map(row));
    seen += answer.contacts.length;
    show(more, answer.next && h('button', { type: 'button', onclick: () => load(answer.next) }, 'More'),
      seen === 0 && empty('No contacts', 'Users on this list are notified when this user’s name or picture changes.'));
  };
  const add = () => during(button, note, async () => {
    await put(`${page.path}/contacts${at(other.value)}`, {});
    other.value = '';
    seen = 0;
    list.replaceChildren();
    await load();
  });
  load().catch(reason => show(note, problem(reason)));
  return [
    form(note, add, h('div.row', {}, field('Add by id', other), button)),
    note, list, more,
  ];
}

function sessions(page) {
  const place = h('div.stack');
  const note = h('div');
  const load = async () => {
    const answer = await get(`${page.path}/sessions`);
    const rows = sessionRows(answer);
    const button = h('button.danger', { type: 'button' }, 'End all of them');
    button.addEventListener('click', () => during(button, note, async () => {
      if (!await confirm('End all sessions?', 'All devices of this user are signed out and must log in again.', 'End them')) return;
      await del(`${page.path}/sessions`);
      toast('All sessions are ended');
      await load();
    }));
    show(place, rows.length > 0
      ? [h('ul.people', {}, rows), h('div.actions', {}, button)]
      : empty('Not signed in anywhere', 'A login through any vendor’s API appears here, and you can end it.'));
  };
  show(place, skeleton(3));
  load().catch(reason => show(place, problem(reason)));
  return [place, note];
}

const VENDORS = { qiscus: 'Qiscus', mirrorfly: 'MirrorFly', tencent: 'Tencent' };

/** A row for each vendor with open connections, each login ticket, each session of tokens. */
function sessionRows({ sockets, tickets, sessions }) {
  const row = (what, vendor, ...times) => h('li', {}, h('span', {}, h('b', {}, what), ' ', h('span.tag', {}, VENDORS[vendor] ?? vendor)), h('span.hint', {}, times));
  const until = ends => ends && [' until ', when(ends)];
  return [
    ...sockets.filter(({ open }) => open > 0).map(({ vendor, open }) => row(open === 1 ? 'An open connection' : `${open} open connections`, vendor)),
    ...tickets.map(one => row('Login ticket', one.vendor, 'since ', when(one.began_at), until(one.ends_at))),
    ...sessions.map(one => row('Session', one.vendor, 'renewed ', when(one.renewed_at), until(one.ends_at))),
  ];
}
