// Knows the custom fields of an app: who may read and write each, and its name in each API.

import { get, put } from './api.js';
import { during, empty, field, form, h, mayLeave, select, show, skeleton, stackedTable, toast, watchEdits } from './dom.js';
import * as selected from './selected.js';

export const title = 'Fields';

/** The most fields of an app, as at Tencent. */
const FIELDS_MAX = 20;

const READERS = [['everyone', 'Everyone'], ['friends', 'Friends'], ['owner', 'Only the user'], ['back-end', 'Only back ends']];
const WRITERS = [['owner', 'The user and back ends'], ['back-end', 'Only back ends']];
const word = (pairs, value) => pairs.find(([of]) => of === value)?.[1] ?? value;

export async function open(place) {
  const list = h('div');
  const side = h('div.sheet');
  show(place,
    h('h1', {}, 'Fields'),
    h('p.lede', {}, 'What a profile can hold in addition to name, picture and status. As at Tencent, a field must be declared before it is set: a call that sets another one gets an error that names it.'),
    h('div.user-body.turned', {}, list, side));
  if (!selected.app()) return show(list, empty('No app yet', 'Fields belong to an app.', h('a.button', { href: '#/apps' }, 'Create an app')));
  show(list, skeleton(3));
  let fields = [];
  const load = async () => {
    ({ fields } = await get(selected.inApp('fields')));
    show(list, fields.length > 0 ? declared(fields, edit) : empty('No field yet', `Declare the first one here. An app can have ${FIELDS_MAX}.`));
  };
  const edit = async known => {
    if (!await mayLeave()) return;
    show(side, designer(known, fields, load, () => edit(null)));
    if (known) side.querySelector('select').focus();
  };
  await load();
  edit(null);
}

function declared(fields, edit) {
  const row = one => [
    h('code', {}, one.name), word(READERS, one.read), word(WRITERS, one.write),
    h('button.small', { type: 'button', 'aria-label': `Change ${one.name}`, onclick: () => edit(one) }, 'Change'),
  ];
  return stackedTable('Declared fields', ['Name', 'Read by', 'Written by', 'Change'], fields.map(row));
}

function designer(known, fields, load, done) {
  const name = h('input', { value: known?.name ?? '', required: true, pattern: '[A-Za-z0-9_]{1,32}', 'data-rule': 'a name has letters, digits and _ only.', maxlength: 32, readonly: Boolean(known), autocapitalize: 'none', spellcheck: 'false' });
  const read = select(READERS, known?.read ?? 'everyone');
  const write = select(WRITERS, known?.write ?? 'owner');
  const forms = h('dl.facts.stacked');
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, known ? 'Save' : 'Declare');
  const preview = () => {
    const shown = name.value || 'Name';
    const row = (api, name) => h('div', {}, h('dt', {}, api), h('dd', {}, h('code', {}, name)));
    show(forms,
      row('Tencent', `Tag_Profile_Custom_${shown}`),
      row('This API', `"custom": { "${shown}": "…" }`),
      h('div', {}, h('dt', {}, 'Qiscus, MirrorFly'), h('dd', {}, 'Not shown: these vendors have extras and metadata instead.')));
  };
  name.addEventListener('input', preview);
  preview();
  const submit = () => during(button, note, async () => {
    if (!known && fields.some(one => one.name === name.value)) throw new Error(`${name.value} is declared already. Press Change beside it.`);
    await put(selected.inApp('fields', name.value), { read: read.value, write: write.value });
    watchEdits(made);
    toast(`${name.value} is declared`);
    await load();
    done();
  });
  const made = form(note, submit,
    h('h2', {}, known ? `Change ${known.name}` : 'New field'),
    field('Name', name, known ? 'The name of a field cannot change.' : 'Letters, digits and _, at most 32.'),
    field('Who reads it', read), field('Who writes it', write),
    h('section.stack', {}, h('h3', {}, 'Its name in each API'), forms), note,
    h('div.actions', {}, button, known && h('button', { type: 'button', onclick: done }, 'Cancel')),
    !known && h('p.hint', {}, `${FIELDS_MAX - fields.length} of ${FIELDS_MAX} fields are left. A value has at most 500 bytes.`));
  watchEdits(made);
  return made;
}
