// Knows how elements are made. Text comes in as text nodes only, so that no user's string is ever read as markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element: `h('button.quiet', { onclick, 'aria-label': 'Copy' }, 'Copy')`. What begins with `on` listens, `true` sets an
 * attribute without a value; `false`, `null` and `undefined` set nothing. Properties of forms (`value`, `checked`) are set as such.
 */
export function h(name, given = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  return fill(element, given, children);
}

/** An element of a drawing. */
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

/** Puts `children` in the place of what is in `place`. */
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

/** A small drawing beside a word; says nothing by itself. */
export function icon(name) {
  return s('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, s('path', { d: ICONS[name] }));
}

/** Says something to whoever listens instead of looks. */
export function announce(text) {
  document.getElementById('live').textContent = text;
}

const TOAST_MS = 5000;

/** Says that something is done, at the edge of the page and aloud. */
export function toast(text) {
  const note = h('p.toast', {}, text);
  document.getElementById('toasts').append(note);
  announce(text);
  setTimeout(() => note.remove(), TOAST_MS);
}

const COPIED_MS = 2000;

/** A button that copies what `read` answers, and says so. */
export function copyButton(what, read, word = 'Copy') {
  const label = h('span', {}, word);
  const copy = async () => {
    await toClipboard(read());
    label.textContent = 'Copied';
    announce(`${what} copied`);
    setTimeout(() => (label.textContent = word), COPIED_MS);
  };
  return h('button.quiet.copy', { type: 'button', 'aria-label': `Copy ${what}`, onclick: copy }, icon('copy'), label);
}

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain HTTP on a name that is not this machine's: browsers have nothing newer there.
  const area = h('textarea.unseen', { value: text, 'aria-hidden': 'true' });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

let last = 0;

/** An id that nothing else on the page has. */
export const newId = () => `e${(last += 1)}`;

/** A labelled control; `hint` stands below and is read with it. */
export function field(label, control, hint) {
  control.id ||= newId();
  const note = hint && h('p.hint', { id: newId() }, hint);
  if (note) control.setAttribute('aria-describedby', note.id);
  return h('div.field', {}, h('label', { for: control.id }, label), control, note);
}

/** A box with a tick, and its words. */
export function tick(label, checked, hint, name) {
  const box = h('input', { type: 'checkbox', id: newId(), checked, name });
  const note = hint && h('span.hint', { id: newId() }, hint);
  if (note) box.setAttribute('aria-describedby', note.id);
  return { box, row: h('div.tick', {}, box, h('label', { for: box.id }, label), note) };
}

/** A list of choices in one control: pairs of value and word. */
export function select(pairs, value, given = {}) {
  return h('select', { ...given }, pairs.map(([of, word]) => h('option', { value: of, selected: of === value }, word)));
}

/**
 * Tabs: `[{ id, label, body() }]`. Arrow keys walk, as in a menu; a body is made when its tab is first opened.
 */
export function tabs(name, list, chosen = list[0].id, onchange = () => {}) {
  const panel = h('div.panel', { role: 'tabpanel', id: newId(), tabindex: '0' });
  const buttons = list.map(tab =>
    h('button', { type: 'button', role: 'tab', id: newId(), 'aria-controls': panel.id, onclick: () => open(tab.id) }, tab.label));
  const open = id => {
    list.forEach((tab, at) => {
      const isOpen = tab.id === id;
      buttons[at].setAttribute('aria-selected', String(isOpen));
      buttons[at].tabIndex = isOpen ? 0 : -1;
      if (isOpen) {
        panel.setAttribute('aria-labelledby', buttons[at].id);
        show(panel, tab.body());
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

/** A dialog over the page; Escape closes it. `make(close)` answers its content. Resolves to what `close` was called with. */
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

/** Asks before something that cannot be taken back. */
export function confirm(title, text, verb) {
  return dialog(title, close => [
    h('p', {}, text),
    h('div.actions', {},
      h('button', { type: 'button', autofocus: true, onclick: () => close(false) }, 'Keep it'),
      h('button.danger', { type: 'button', onclick: () => close(true) }, verb)),
  ]);
}

/** Runs `work` from a button: the button waits with it, and a refusal stands where `place` is. */
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

/** What went wrong, and what to do. */
export function problem(reason) {
  const text = reason?.detail ?? String(reason?.message ?? reason);
  return h('div.problem', { role: 'alert' }, h('p', {}, h('strong', {}, reason?.title ?? 'That did not work'), ' ', text), reason?.advice && h('p', {}, reason.advice));
}

/** Grey lines where something is about to be. */
export function skeleton(lines = 3) {
  return h('div.skeleton', { 'aria-hidden': 'true' }, Array.from({ length: lines }, () => h('div')));
}

/** An empty place that says how it fills. */
export function empty(title, ...text) {
  return h('div.empty', {}, h('h2', {}, title), text.map(line => (typeof line === 'string' ? h('p', {}, line) : line)));
}

/** A table in a frame that scrolls sideways where it is too wide, by keyboard too. */
export function table(caption, heads, rows) {
  return h('div.scroll', { role: 'region', 'aria-label': caption, tabindex: '0' },
    h('table', {}, h('thead', {}, h('tr', {}, heads)), h('tbody', {}, rows)));
}

/** The head of a column; a `wide` one has no room on a telephone. */
export const column = (text, isWide = false) => h('th', { scope: 'col', class: isWide && 'wide' }, text);

/** A person's picture, or the initial where it does not load. Only addresses of http(s) are asked for. */
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

/** Only this house's pictures are shown: the page asks nobody else, so an address of another host stays a letter. */
function sized(address, size) {
  if (!address || address.startsWith('blob:')) return address;
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  const at = url?.pathname.indexOf('/pictures/') ?? -1;
  if (at < 0) return null;
  const path = url.pathname.slice(at + 1).replace(/\/full(\.\w+)?$/, (_, end) => `/${size === 'small' ? 96 : 512}${end ?? ''}`);
  return new URL(path, new URL('../', import.meta.url)).href;
}

/** When something was, as a person says it; the exact time is beside it for who asks. */
export function when(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return h('span', {}, '–');
  const today = new Date().toDateString() === at.toDateString();
  const text = today
    ? at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
    : at.toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
  return h('time', { datetime: iso, title: at.toLocaleString() }, text);
}

/** Microseconds as milliseconds that can be compared at a glance. */
export const took = us => (us < 10_000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us / 1000)} ms`);

/** A number with its thousands apart. */
export const count = n => n.toLocaleString('en');

/** Bytes in the unit a person would choose. */
export function bytes(n) {
  if (n === null || n === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(Math.floor(Math.log2(Math.max(n, 1)) / 10), units.length - 1);
  return `${(n / 1024 ** at).toFixed(at === 0 || n / 1024 ** at >= 100 ? 0 : 1)} ${units[at]}`;
}
