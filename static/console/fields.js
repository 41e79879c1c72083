// Knows the custom fields of an app: who may read and write each, and what it is called on every wire.

import { get, put } from './api.js';
import { column, during, empty, field, h, select, show, skeleton, table, toast } from './dom.js';
import * as house from './house.js';

export const title = 'Fields';

/** What Tencent allows an app, and so what the server takes. */
const FIELDS_MAX = 20;

const READERS = [['everyone', 'Everyone'], ['friends', 'Friends'], ['owner', 'The user alone'], ['back-end', 'Back ends alone']];
const WRITERS = [['owner', 'The user, and back ends'], ['back-end', 'Back ends alone']];
const word = (pairs, value) => pairs.find(([of]) => of === value)?.[1] ?? value;

export async function open(place) {
  const list = h('div');
  const form = h('div.sheet');
  show(place,
    h('h1', {}, 'Fields'),
    h('p.lede', {}, 'What a profile may hold beside name, picture and status. Tencent’s wire wants each declared before it is set; an undeclared one is refused by name, never lost.'),
    h('div.user-body.turned', {}, list, form));
  if (!house.app()) return show(list, empty('No app yet', 'Fields belong to an app.', h('a.button', { href: '#/apps' }, 'Make an app')));
  show(list, skeleton(3));
  let fields = [];
  const load = async () => {
    ({ fields } = await get(house.inApp('fields')));
    show(list, fields.length > 0 ? declared(fields, edit) : empty('No field yet', 'Declare the first one here. Twenty are the most an app can have.'));
  };
  const edit = known => {
    show(form, designer(known, fields, load, () => edit(null)));
    if (known) form.querySelector('select').focus();
  };
  await load();
  edit(null);
}

function declared(fields, edit) {
  const row = one => h('tr', {},
    h('td', {}, h('code', {}, one.name)),
    h('td', {}, word(READERS, one.read)),
    h('td.wide', {}, word(WRITERS, one.write)),
    h('td', {}, h('button.quiet', { type: 'button', 'aria-label': `Change ${one.name}`, onclick: () => edit(one) }, 'Change')));
  const heads = [column('Name'), column('Read by'), column('Written by', true), column(h('span.unseen', {}, 'Change'))];
  return table('Declared fields', heads, fields.map(row));
}

function designer(known, fields, load, done) {
  const name = h('input', { value: known?.name ?? '', required: true, pattern: '[A-Za-z0-9_]{1,32}', maxlength: 32, readonly: Boolean(known), autocapitalize: 'none', spellcheck: 'false' });
  const read = select(READERS, known?.read ?? 'everyone');
  const write = select(WRITERS, known?.write ?? 'owner');
  const forms = h('dl.facts.stacked');
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, known ? 'Save' : 'Declare');
  const preview = () => {
    const shown = name.value || 'Name';
    const row = (wire, form) => h('div', {}, h('dt', {}, wire), h('dd', {}, h('code', {}, form)));
    show(forms,
      row('Tencent', `Tag_Profile_Custom_${shown}`),
      row('This API', `"custom": { "${shown}": "…" }`),
      h('div', {}, h('dt', {}, 'Qiscus, MirrorFly'), h('dd', {}, 'Not shown: these wires have extras and metadata of their own.')));
  };
  name.addEventListener('input', preview);
  preview();
  const submit = event => {
    event.preventDefault();
    during(button, note, async () => {
      if (!known && fields.some(one => one.name === name.value)) throw new Error(`${name.value} is declared already. Press Change beside it.`);
      await put(house.inApp('fields', name.value), { read: read.value, write: write.value });
      toast(`${name.value} is declared`);
      await load();
      done();
    });
  };
  return h('form', { onsubmit: submit },
    h('h2', {}, known ? `Change ${known.name}` : 'New field'),
    field('Name', name, known ? 'A name never changes.' : 'Letters, digits and _ only, 32 at most.'),
    field('Who reads it', read), field('Who writes it', write),
    h('section.stack', {}, h('h3', {}, 'What it is called'), forms), note,
    h('div.actions', {}, button, known && h('button', { type: 'button', onclick: done }, 'Cancel')),
    !known && h('p.hint', {}, `${FIELDS_MAX - fields.length} of ${FIELDS_MAX} are left. A value has 500 bytes at most.`));
}
