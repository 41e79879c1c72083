// Knows the apps of the house: their settings, and the keys that open them.

import { at, get, patch, post } from './api.js';
import { copyButton, dialog, during, empty, field, h, newId, select, show, skeleton, tick, toast, when } from './dom.js';
import * as house from './house.js';

export const title = 'Apps & keys';

const REGISTRATION = [
  ['open', 'Open', 'As at the vendors: whoever knows a public key and an id may sign in as that id.'],
  ['new', 'New only', 'Apps may create accounts, and sign in to none that exists without its password.'],
  ['closed', 'Closed', 'Back ends alone create accounts.'],
];
const DIALECTS = [['qiscus', 'Qiscus'], ['mirrorfly', 'MirrorFly'], ['tencent', 'Tencent']];
const LATER = [['0', 'At once'], ['3600', 'After an hour'], ['86400', 'After a day'], ['604800', 'After a week']];

export async function open(place) {
  const side = h('div.stack');
  const body = h('div.stack');
  show(place,
    h('div.between', {}, h('h1', {}, 'Apps & keys'), h('button.primary', { type: 'button', onclick: () => create(draw) }, 'New app')),
    h('p.lede', {}, 'An app is a world of its own: its users, its keys, its rules. Nothing crosses from one to another.'),
    side, body);
  async function draw() {
    const apps = await house.load();
    const app = house.app();
    show(side, apps.length > 1 && h('ul.chooser', {}, apps.map(one => h('li', {}, h('button', {
      type: 'button', 'aria-pressed': String(one.app_id === app.app_id), onclick: () => {
        house.choose(one.app_id);
        draw();
      },
    }, one.name)))));
    if (!app) return show(body, empty('No app yet', 'Make the first one; it comes with keys for all three wires.'));
    show(body, keys(app), settings(app, draw));
  }
  show(body, skeleton(6));
  await draw();
}

/** The names and secrets that apps and back ends show. */
function keys(app) {
  const rows = h('dl.facts');
  const note = h('div');
  const reveal = h('button', { type: 'button' }, 'Show secrets');
  const plain = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, h('code', {}, String(value)), copyButton(name, () => String(value))));
  const covered = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value === null
    ? h('span.hint', {}, 'Chosen by you, kept as a hash alone')
    : value === undefined ? h('code', { 'aria-label': 'covered' }, '••••••••••••') : [h('code', {}, value), copyButton(name, () => value)]));
  const draw = secrets => show(rows,
    plain('App ID', app.app_id), plain('SDKAppID', app.sdk_app_id), plain('Account', app.account),
    covered('Secret', secrets.secret), covered('Licence key', secrets.license_key), covered('Account password', secrets.account_password));
  let isShown = false;
  reveal.addEventListener('click', () => during(reveal, note, async () => {
    draw(isShown ? {} : await get(`${at('apps', app.app_id)}/secrets`));
    isShown = !isShown;
    reveal.textContent = isShown ? 'Cover secrets' : 'Show secrets';
  }));
  draw({});
  return h('section.sheet', {},
    h('div.between', {}, h('h2', {}, app.name), h('div.actions', {}, reveal, h('button', { type: 'button', onclick: () => rotate(app) }, 'New secret'))),
    rows, note,
    app.former_secret_until && h('p.hint', {}, h('span.tag.is-on', {}, 'two secrets'), ' The former one is good until ', when(app.former_secret_until), '.'),
    h('p.hint', {}, 'Qiscus calls the secret SDK secret, Tencent SecretKey. Made ', when(app.created_at), '.'));
}

/** A new secret; the former one may stay good for a while, so that back ends can change over one by one. */
function rotate(app) {
  return dialog('New secret', close => {
    const later = select(LATER, '86400');
    const note = h('div');
    const place = h('div.stack');
    const button = h('button.primary', { type: 'submit' }, 'Make a new secret');
    const submit = event => {
      event.preventDefault();
      during(button, note, async () => {
        const { secret } = await post(`${at('apps', app.app_id)}/rotate-secret`, { former_valid_s: Number(later.value) });
        show(place, h('p', {}, 'The new secret, good from now on:'), h('pre.code.wraps', { tabindex: '0' }, secret),
          h('div.actions', {}, copyButton('secret', () => secret), h('button.primary', { type: 'button', onclick: () => close() }, 'Done')));
      });
    };
    show(place, h('form', { onsubmit: submit },
      h('p', {}, 'Qiscus back ends and all that signs for Tencent need the new one. Until the former ends, both are good.'),
      field('The former one ends', later), note,
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
  const pictures = tick('Pictures have public addresses', app.public_pictures, 'Unguessable ones. Without them, other wires than MirrorFly show a drawn tile.');
  const imports = tick('A signed login creates its user', app.import_at_login, 'For Tencent: whoever your back end has signed for.');
  const passwordMin = h('input', { type: 'number', min: 1, max: 128, value: app.password_min, required: true });
  const sessions = h('input', { type: 'number', min: 1, max: 100, value: app.tencent_sessions, required: true });
  const origins = h('textarea', { value: app.allowed_origins.join('\n'), placeholder: 'https://shop.example.com', spellcheck: 'false' });
  const hosts = h('textarea', { value: app.hosts.join('\n'), placeholder: 'shop.example.com', spellcheck: 'false' });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Save');
  const submit = event => {
    event.preventDefault();
    during(button, note, async () => {
      await patch(at('apps', app.app_id), {
        name: name.value,
        registration: radios.map(row => row.querySelector('input')).find(radio => radio.checked).value,
        dialects: Object.fromEntries(dialects.map(({ id, box }) => [id, box.checked])),
        public_pictures: pictures.box.checked,
        import_at_login: imports.box.checked,
        password_min: Number(passwordMin.value),
        tencent_sessions: Number(sessions.value),
        allowed_origins: lines(origins.value),
        hosts: lines(hosts.value),
      });
      toast('Saved');
      await draw();
    });
  };
  return h('section.sheet', {}, h('h2', {}, 'Settings'), h('form.roomy', { onsubmit: submit },
    h('div.grid', {},
      field('Name', name),
      field('Least password', passwordMin, 'Characters. We advise 8.'),
      field('Tencent sessions a user', sessions, 'One, as at the vendor: a login ends the former.')),
    h('div.grid', {},
      h('fieldset', {}, h('legend', {}, 'What a public key may do'), radios),
      h('div.stack.roomy', {},
        h('fieldset', {}, h('legend', {}, 'Wires that are open'), dialects.map(({ row }) => row)),
        h('fieldset', {}, h('legend', {}, 'Pictures and logins'), pictures.row, imports.row))),
    h('div.grid', {},
      field('Pages that may call', origins, 'An origin a line. Empty: any.'),
      field('Host names', hosts, 'A name a line; MirrorFly’s login finds the app by it.')),
    note, h('div.actions', {}, button)));
}

function create(draw) {
  return dialog('New app', close => {
    const name = h('input', { required: true });
    const id = h('input', { pattern: '[A-Za-z0-9_\\-]+', autocapitalize: 'none', spellcheck: 'false' });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Create');
    const submit = event => {
      event.preventDefault();
      during(button, note, async () => {
        const made = await post('/apps', { name: name.value, ...(id.value && { app_id: id.value }) });
        await house.load();
        house.choose(made.app_id);
        close();
        await draw();
        toast(`${made.name} is there, with keys of its own`);
      });
    };
    return h('form', { onsubmit: submit },
      field('Name', name), field('App ID', id, 'Leave it empty and one is made.'), note,
      h('div.actions', {}, button, h('button', { type: 'button', onclick: () => close() }, 'Cancel')));
  });
}
