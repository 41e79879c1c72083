// Knows how elements are made. All text becomes text nodes, so no string of a user is read as markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element: `h('button.quiet', { onclick, 'aria-label': 'Copy' }, 'Copy')`. A name that begins with `on` adds a listener, `true`
 * sets an attribute without a value, and `false`, `null` and `undefined` set nothing. `value`, `checked` and the like are set as properties.
 */
export function h(name, given = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  return fill(element, given, children);
}

/** Makes an SVG element. */
export function s(tag, given = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), given, children);
}

function fill(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'indeterminate') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replaces the content of `place` by `children`. */
export function show(place, ...children) {
  place.replaceChildren(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
}

const ICONS = {
  connect: 'M9 7V3M15 7V3M6 7h12v4a6 6 0 0 1-12 0V7Zm6 10v4',
  users: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 9c.6-3.5 3.4-5.5 7-5.5s6.4 2 7 5.5M16 3.5a4 4 0 0 1 0 7M18.5 15c2 .8 3.2 2.5 3.5 5',
  demo: 'M3 5h8v14H3zM13 5h8v14h-8zM6 9h2M16 9h2',
  requests: 'M4 6h16M4 12h16M4 18h10',
  fields: 'M4 5h16v5H4zM4 14h10v5H4zM18 14v5M15.5 16.5h5',
  apps: 'M15 9a4 4 0 1 0-3.9 5l1.9-2h2v-2h1.5M7 13l-4 4v3h3l5-5',
  health: 'M3 12h4l2.5-6 5 12 2.5-6h4',
  audit: 'M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
};

/** A small drawing beside a word; screen readers skip it. */
export function icon(name) {
  return s('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, s('path', { d: ICONS[name] }));
}

/** Says something to screen readers. */
export function announce(text) {
  document.getElementById('live').textContent = text;
}

const TOAST_MS = 5000;

/** Says that something is done: at the edge of the page, and to screen readers. */
export function toast(text) {
  const note = h('p.toast', {}, text);
  document.getElementById('toasts').append(note);
  announce(text);
  setTimeout(() => note.remove(), TOAST_MS);
}

const COPIED_MS = 2000;

/** A button that copies what `read` returns, and says so. */
export function copyButton(what, read, word = 'Copy', done = 'Copied') {
  const label = h('span', {}, word);
  const copy = async () => {
    await toClipboard(read());
    label.textContent = done;
    announce(`${what} copied`);
    setTimeout(() => (label.textContent = word), COPIED_MS);
  };
  return h('button.quiet.copy', { type: 'button', 'aria-label': `Copy ${what}`, onclick: copy }, icon('copy'), label);
}

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Browsers give a page of plain HTTP no clipboard, unless its host is this machine.
  const area = h('textarea.unseen', { value: text, 'aria-hidden': 'true' });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

let last = 0;

/** Returns an id that no other element has. */
export const newId = () => `e${(last += 1)}`;

/** A labelled control; screen readers read the `hint` below with it. */
export function field(label, control, hint) {
  control.id ||= newId();
  const note = hint && h('p.hint', { id: newId() }, hint);
  if (note) control.setAttribute('aria-describedby', note.id);
  return h('div.field', {}, h('label', { for: control.id }, label), control, note);
}

const values = new Map();

/** The values of all controls of a form, as one text. */
const valuesOf = form => JSON.stringify([...form.elements].map(({ type, checked, value }) => (/checkbox|radio/.test(type) ? checked : value)));

/** From now on, a value of this form that differs from the present one is an edit to be saved. */
export const watchEdits = form => values.set(form, valuesOf(form));

/** Forgets all forms: they leave the page, or what they hold is no longer wanted. */
export const forgetEdits = () => values.clear();

export const hasEdits = () => [...values].some(([form, saved]) => saved !== valuesOf(form));

/** Asks before unsaved edits are lost. Returns whether the reader wants to go on; the edits are forgotten then. */
export async function mayLeave() {
  if (hasEdits() && !await confirm('Leave without saving?', 'What you changed on this screen is not saved yet.', 'Leave', 'Stay')) return false;
  forgetEdits();
  return true;
}

/** A form that checks its controls before `submit` runs, and names the first wrong one in `note`. */
export function form(note, submit, ...children) {
  const made = h('form', { novalidate: true, onsubmit: event => {
    event.preventDefault();
    if (isValid(made, note)) submit();
  } }, ...children);
  return made;
}

function isValid(form, note) {
  const controls = [...form.elements].filter(control => control.willValidate);
  controls.forEach(control => control.removeAttribute('aria-invalid'));
  show(note);
  const wrong = controls.find(control => !control.validity.valid);
  if (!wrong) return true;
  wrong.setAttribute('aria-invalid', 'true');
  show(note, problem({ title: wrong.labels[0]?.textContent ?? wrong.name, detail: faultOf(wrong) }));
  wrong.focus();
  return false;
}

/** What is wrong with a control. `data-rule` says what its pattern allows. */
function faultOf({ validity, value, min, max, minLength, dataset }) {
  if (validity.valueMissing) return 'is required.';
  if (validity.patternMismatch) return `must not be “${value}”: ${dataset.rule}`;
  if (validity.tooShort) return `must have at least ${minLength} characters.`;
  return `must be a whole number from ${min} to ${max}.`;
}

/** A checkbox and its label. */
export function tick(label, checked, hint, name) {
  const box = h('input', { type: 'checkbox', id: newId(), checked, name });
  const note = hint && h('span.hint', { id: newId() }, hint);
  if (note) box.setAttribute('aria-describedby', note.id);
  return { box, row: h('div.tick', {}, box, h('label', { for: box.id }, label), note) };
}

/** A control with a list of choices: pairs of value and word. */
export function select(pairs, value, given = {}) {
  return h('select', { ...given }, pairs.map(([of, word]) => h('option', { value: of, selected: of === value }, word)));
}

/**
 * Tabs: `[{ id, label, body(), keep }]`. Arrow keys move between them. A body is made each time its tab opens, or once if `keep` is set.
 */
export function tabs(name, list, chosen = list[0].id, onchange = () => {}) {
  const panel = h('div.panel', { role: 'tabpanel', id: newId(), tabindex: '0' });
  const buttons = list.map(tab =>
    h('button', { type: 'button', role: 'tab', id: newId(), 'aria-controls': panel.id, onclick: () => open(tab.id) }, tab.label));
  const kept = new Map();
  const open = id => {
    list.forEach((tab, at) => {
      const isOpen = tab.id === id;
      buttons[at].setAttribute('aria-selected', String(isOpen));
      buttons[at].tabIndex = isOpen ? 0 : -1;
      if (isOpen) {
        panel.setAttribute('aria-labelledby', buttons[at].id);
        const body = kept.get(tab.id) ?? tab.body();
        if (tab.keep) kept.set(tab.id, body);
        show(panel, body);
      }
    });
    onchange(id);
  };
  const walk = event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
    open(list[at].id);
    buttons[at].focus();
  };
  const element = h('div.tabs', {}, h('div.tablist', { role: 'tablist', 'aria-label': name, onkeydown: walk }, buttons), panel);
  open(list.some(tab => tab.id === chosen) ? chosen : list[0].id);
  return element;
}

/** Closes what is open above the screen, as Escape does. */
export const closeDialogs = () => document.querySelectorAll('dialog').forEach(box => box.close());

/** A dialog over the page; Escape and a change of the screen close it. `make(close)` returns its content. Resolves to what `close` got. */
export function dialog(title, make) {
  return new Promise(done => {
    const head = h('h2', { id: newId() }, title);
    const box = h('dialog', { 'aria-labelledby': head.id });
    let answer;
    const close = given => {
      answer = given;
      box.close();
    };
    box.append(head, ...[make(close)].flat());
    box.addEventListener('close', () => {
      box.remove();
      done(answer);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Asks before something that cannot be undone. */
export function confirm(title, text, verb, no = 'Cancel') {
  return dialog(title, close => [
    h('p', {}, text),
    h('div.actions', {},
      h('button', { type: 'button', autofocus: true, onclick: () => close(false) }, no),
      h('button.danger', { type: 'button', onclick: () => close(true) }, verb)),
  ]);
}

/** Runs `work` from a button, which is disabled meanwhile; shows an error in `place`. */
export async function during(button, place, work) {
  button.disabled = true;
  show(place);
  try {
    return await work();
  } catch (reason) {
    show(place, problem(reason));
    return undefined;
  } finally {
    button.disabled = false;
  }
}

/** An error: what went wrong, and what to do. */
export function problem(reason) {
  const text = reason?.detail ?? String(reason?.message ?? reason);
  return h('div.problem', { role: 'alert' }, h('p', {}, h('strong', {}, reason?.title ?? 'That did not work'), ' ', text), reason?.advice && h('p', {}, reason.advice));
}

/** Grey lines in place of content that is being loaded. */
export function skeleton(lines = 3) {
  return h('div.skeleton', { 'aria-hidden': 'true' }, Array.from({ length: lines }, () => h('div')));
}

/** In place of an empty list: why it is empty, and what to do. */
export function empty(title, ...text) {
  return h('div.empty', {}, h('h2', {}, title), text.map(line => (typeof line === 'string' ? h('p', {}, line) : line)));
}

/** A table in a frame that scrolls sideways, by keyboard too. */
export function table(caption, heads, rows) {
  return h('div.scroll', { role: 'region', 'aria-label': caption, tabindex: '0' },
    h('table', {}, h('thead', {}, h('tr', {}, heads)), h('tbody', {}, rows)));
}

/** The head of a column; a `wide` column is hidden on a narrow screen. */
export const column = (text, isWide = false) => h('th', { scope: 'col', class: isWide && 'wide' }, text);

/** A table of rows of cells under `names`. On a narrow screen each row becomes a block, and each cell stands beside its name. */
export function stackedTable(caption, names, rows) {
  const cell = (content, n) => h('td', { role: 'cell', 'data-label': names[n] }, h('span', {}, content));
  return h('div.scroll', { role: 'region', 'aria-label': caption, tabindex: '0' },
    h('table.stacks', { role: 'table' },
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, names.map(name => h('th', { scope: 'col', role: 'columnheader' }, name)))),
      h('tbody', { role: 'rowgroup' }, rows.map(row => h('tr', { role: 'row' }, row.map(cell))))));
}

/** A user's picture, or the initial if it does not load. */
export function portrait(user, size = 'small') {
  const name = user.name || user.id;
  const letter = h('span', { class: `portrait ${size}`, 'aria-hidden': 'true' }, [...name][0]?.toUpperCase() ?? '?');
  const address = sized(user.avatar_url, size);
  if (!address) return letter;
  const picture = h('img', { class: `portrait ${size}`, alt: '', src: address, loading: 'lazy', decoding: 'async' });
  picture.addEventListener('error', () => picture.replaceWith(letter));
  if (address.startsWith('blob:')) picture.addEventListener('load', () => URL.revokeObjectURL(address));
  return picture;
}

/** The address of a picture of this server, in a size that fits. Null for another server's: the page calls no other host. */
function sized(address, size) {
  if (!address || address.startsWith('blob:')) return address;
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  const at = url?.pathname.indexOf('/pictures/') ?? -1;
  if (at < 0) return null;
  const path = url.pathname.slice(at + 1).replace(/\/full(\.\w+)?$/, (_, end) => `/${size === 'small' ? 96 : 512}${end ?? ''}`);
  return new URL(path, new URL('../', import.meta.url)).href;
}

/** A date and a time, to the minute or, with 'medium', to the second. */
export function when(iso, timeStyle = 'short') {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return h('span', {}, '–');
  return h('time', { datetime: iso, title: iso }, at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle }));
}

/** Microseconds, shown as milliseconds. */
export const took = us => (us < 10_000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us / 1000)} ms`);

/** A number with separated thousands. */
export const count = n => n.toLocaleString('en');

/** Bytes, in the largest unit that gives at least 1. */
export function bytes(n) {
  if (n === null || n === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(Math.floor(Math.log2(Math.max(n, 1)) / 10), units.length - 1);
  return `${(n / 1024 ** at).toFixed(at === 0 || n / 1024 ** at >= 100 ? 0 : 1)} ${units[at]}`;
}
