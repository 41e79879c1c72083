// Knows the apps: their settings, and the keys that clients and back ends use.

import { at, get, patch, post } from './api.js';
import { copyButton, dialog, during, empty, field, form, h, mayLeave, newId, select, show, skeleton, tick, toast, watchEdits, when } from './dom.js';
import * as selected from './selected.js';

export const title = 'Apps & keys';

const REGISTRATION = [
  ['open', 'Open', 'As at the vendors: a client that knows a public key and an id may sign in as that user.'],
  ['new', 'New only', 'Clients may create users, but need the password to sign in as an existing one.'],
  ['closed', 'Closed', 'Only back ends may create users.'],
];
const DIALECTS = [['qiscus', 'Qiscus'], ['mirrorfly', 'MirrorFly'], ['tencent', 'Tencent']];
const LATER = [['0', 'At once'], ['3600', 'After an hour'], ['86400', 'After a day'], ['604800', 'After a week']];

export async function open(place) {
  const side = h('div.stack');
  const body = h('div.stack');
  show(place,
    h('div.between', {}, h('h1', {}, 'Apps & keys'), h('button.primary', { type: 'button', onclick: async () => await mayLeave() && create(draw) }, 'New app')),
    h('p.lede', {}, 'Each app has its own users, keys and settings. No app sees the users of another.'),
    side, body);
  async function draw() {
    const apps = await selected.load();
    const app = selected.app();
    show(side, apps.length > 1 && h('ul.chooser', {}, apps.map(one => h('li', {}, h('button', {
      type: 'button', 'aria-pressed': String(one.app_id === app.app_id), onclick: async () => {
        if (!await mayLeave()) return;
        selected.select(one.app_id);
        draw();
      },
    }, one.name)))));
    if (!app) return show(body, empty('No app yet', 'Create the first one. It gets keys for all three vendors’ APIs.'));
    const place = h('div.stack');
    const drawKeys = () => show(place, keys(selected.app(), drawKeys));
    drawKeys();
    show(body, place, settings(app, draw));
  }
  show(body, skeleton(6));
  await draw();
}

/** The ids and secrets that clients and back ends use. */
function keys(app, redraw) {
  const rows = h('dl.facts');
  const note = h('div');
  const reveal = h('button', { type: 'button' }, 'Show secrets');
  const plain = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, h('code', {}, String(value)), copyButton(name, () => String(value))));
  const secret = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value === null
    ? h('span.hint', {}, 'You chose it. The server keeps only its hash.')
    : value === undefined ? h('code', { 'aria-label': 'hidden' }, '••••••••••••') : [h('code', {}, value), copyButton(name, () => value)]));
  const draw = secrets => show(rows,
    plain('App ID', app.app_id), plain('SDKAppID', app.sdk_app_id), plain('Account', app.account),
    secret('Secret', secrets.secret), secret('Licence key', secrets.license_key), secret('Account password', secrets.account_password));
  let isShown = false;
  reveal.addEventListener('click', () => during(reveal, note, async () => {
    draw(isShown ? {} : await get(`${at('apps', app.app_id)}/secrets`));
    isShown = !isShown;
    reveal.textContent = isShown ? 'Hide secrets' : 'Show secrets';
  }));
  draw({});
  return h('section.sheet', {},
    h('div.between', {}, h('h2', {}, app.name), h('div.actions', {}, reveal, h('button', { type: 'button', onclick: () => rotate(app, redraw) }, 'New secret'))),
    rows, note,
    app.former_secret_until && h('p.hint', {}, h('span.tag.is-on', {}, 'two secrets'), ' The former one is valid until ', when(app.former_secret_until), '.'),
    h('p.hint', {}, 'Qiscus calls the secret SDK secret, Tencent calls it SecretKey. Created ', when(app.created_at), '.'));
}

/** Makes a new secret. The former one can stay valid for a while, so that back ends can change one by one. */
function rotate(app, redraw) {
  return dialog('New secret', close => {
    const later = select(LATER, '86400');
    const note = h('div');
    const place = h('div.stack');
    const button = h('button.primary', { type: 'submit' }, 'Make a new secret');
    const submit = () => during(button, note, async () => {
      const { secret, former_secret_until: until } = await post(`${at('apps', app.app_id)}/rotate-secret`, { former_valid_s: Number(later.value) });
      show(place, h('p', {}, 'The new secret is valid from now on:'), h('pre.code.wraps', { tabindex: '0' }, secret),
        h('p', {}, until ? ['The former one is valid until ', when(until), '.'] : 'The former one has ended.'),
        h('div.actions', {}, copyButton('secret', () => secret), h('button.primary', { type: 'button', onclick: () => close() }, 'Done')));
      await selected.load();
      redraw();
    });
    show(place, form(note, submit,
      h('p', {}, 'Qiscus back ends and the programs that make UserSigs for Tencent need the new secret. Until the former one ends, both are valid.'),
      field('The former secret ends', later), note,
      h('div.actions', {}, button, h('button', { type: 'button', onclick: () => close() }, 'Cancel'))));
    return place;
  });
}

const lines = text => text.split(/[\s,]+/).filter(Boolean);

function settings(app, draw) {
  const name = h('input', { value: app.name, required: true });
  const group = newId();
  const radios = REGISTRATION.map(([value, label, hint]) => {
    const id = newId();
    const radio = h('input', { type: 'radio', name: group, id, value, checked: app.registration === value, 'aria-describedby': `${id}h` });
    return h('div.tick', {}, radio, h('label', { for: id }, label), h('span.hint', { id: `${id}h` }, hint));
  });
  const dialects = DIALECTS.map(([id, label]) => ({ id, ...tick(label, app.dialects[id]) }));
  const pictures = tick('Pictures have public addresses', app.public_pictures, 'The addresses cannot be guessed. Without them, only MirrorFly shows pictures, and the other vendors’ clients a drawn tile.');
  const imports = tick('A signed login creates its user', app.import_at_login, 'For Tencent: a login with a UserSig of your back end creates the user if it does not exist.');
  const refusals = tick('A message past a block is refused', app.refuses_blocked_senders, 'For Tencent: between two users of whom one blocks the other. Otherwise the sender is not told, and the message is not delivered.');
  const passwordMin = h('input', { type: 'number', min: 1, max: 128, value: app.password_min, required: true });
  const sessions = h('input', { type: 'number', min: 1, max: 20, value: app.tencent_sessions, required: true });
  const kept = h('input', { type: 'number', min: 0, max: 36500, value: app.messages_kept_days ?? 0, required: true });
  const origins = h('textarea', { value: app.allowed_origins.join('\n'), placeholder: 'https://shop.example.com', spellcheck: 'false' });
  const hosts = h('textarea', { value: app.hosts.join('\n'), placeholder: 'shop.example.com', spellcheck: 'false' });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Save');
  const submit = () => during(button, note, async () => {
    await patch(at('apps', app.app_id), {
      name: name.value,
      registration: radios.map(row => row.querySelector('input')).find(radio => radio.checked).value,
      dialects: Object.fromEntries(dialects.map(({ id, box }) => [id, box.checked])),
      public_pictures: pictures.box.checked,
      import_at_login: imports.box.checked,
      refuses_blocked_senders: refusals.box.checked,
      password_min: Number(passwordMin.value),
      tencent_sessions: Number(sessions.value),
      messages_kept_days: Number(kept.value),
      allowed_origins: lines(origins.value),
      hosts: lines(hosts.value),
    });
    watchEdits(made);
    toast('Saved');
    await draw();
  });
  const made = form(note, submit,
    h('div.grid', {},
      field('Name', name),
      field('Shortest password', passwordMin, 'In characters. We recommend 8.'),
      field('Tencent sessions per user', sessions, 'With 1, as at the vendor, a login ends the session before it.'),
      field('Days that messages are kept', kept, '0: for ever.')),
    h('div.grid', {},
      h('fieldset', {}, h('legend', {}, 'What a client with a public key may do'), radios),
      h('div.stack.roomy', {},
        h('fieldset', {}, h('legend', {}, 'Vendors’ APIs that answer'), dialects.map(({ row }) => row)),
        h('fieldset', {}, h('legend', {}, 'Pictures and logins'), pictures.row, imports.row, refusals.row))),
    h('div.grid', {},
      field('Pages that may call', origins, 'One origin per line. If empty, all pages may call.'),
      field('Host names', hosts, 'One name per line. MirrorFly’s login finds the app by its host name.')),
    note, h('div.actions', {}, button));
  made.classList.add('roomy');
  watchEdits(made);
  return h('section.sheet', {}, h('h2', {}, 'Settings'), made);
}

function create(draw) {
  return dialog('New app', close => {
    const name = h('input', { required: true });
    const id = h('input', { pattern: '[A-Za-z0-9_\\-]+', 'data-rule': 'an app ID has letters, digits, - and _ only.', autocapitalize: 'none', spellcheck: 'false' });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Create');
    const submit = () => during(button, note, async () => {
      const made = await post('/apps', { name: name.value, ...(id.value && { app_id: id.value }) }).catch(reason => {
        if (reason.status === 409) reason.advice = 'Choose another app ID.';
        throw reason;
      });
      await selected.load();
      selected.select(made.app_id);
      close();
      await draw();
      toast(`${made.name} is created, with its own keys`);
    });
    return form(note, submit,
      field('Name', name), field('App ID', id, 'If you leave it empty, the server makes one.'), note,
      h('div.actions', {}, button, h('button', { type: 'button', onclick: () => close() }, 'Cancel')));
  });
}
