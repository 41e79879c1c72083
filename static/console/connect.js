// Knows how an app connects to this server: what to paste, and the first call as it arrives.

import { follow, get, session } from './api.js';
import { announce, copyButton, during, h, problem, show, skeleton, tabs, took, when } from './dom.js';
import * as selected from './selected.js';
import { CONSOLE_HEADER, flags, recordChange, refusal, snippets, userSigOf, vendorApis } from './vendors.js';

export const title = 'Connect';

/** Rows of calls below the snippets. */
const CALLS_SHOWN = 5;

const KEPT = 'standin.vendor';
const LAYOUT_KEPT = 'standin.abreast';
const SECRETS_KEPT = 'standin.secrets';
const MASK = '••••••••••••';

export async function open(place, { params, signal }) {
  const stage = h('section', { 'aria-label': 'What to paste' });
  const arrivals = h('section.arrivals', { 'aria-label': 'Calls' });
  show(place,
    h('h1', {}, 'Point your app here'),
    h('p.lede', {}, 'Standin answers as Qiscus Chat, MirrorFly and Tencent Cloud Chat do. Change one address in your app, and its users are stored on this server.'),
    stage, arrivals);

  const app = session ? selected.app() : null;
  if (!app) {
    show(stage, pastes(snippets(), null));
    show(arrivals, session ? noApp() : invitation(params));
    return;
  }
  const keys = await selected.secrets();
  const isOnly = selected.all().length === 1;
  const withUserSig = async () => {
    const [userSig, { data }] = await Promise.all([userSigOf(app), get('/server')]);
    return snippets(app, keys, userSig, flags(app.app_id, isOnly, data));
  };
  show(stage, pastes(snippets(app, keys), vendorApis(app, keys), id => id === 'tencent' ? withUserSig() : null));
  watch(arrivals, signal);
}

const noApp = () => h('p.hint', {}, 'There is no app yet. ', h('a', { href: '#/apps' }, 'Create the first one'), '.');

function invitation({ setup }) {
  return h('div.note', {},
    h('p', {}, h('strong', {}, 'These are placeholders. '),
      setup === false
        ? 'There is no administrator yet. Open the one-time link that the server printed in the terminal when it started.'
        : 'Sign in to see the real credentials here, and the calls of your app as they arrive.'),
    h('p', {}, h('a.button.primary', { href: '#/sign-in' }, setup === false ? 'Create an administrator' : 'Sign in')));
}

/**
 * The vendors, one at a time in tabs or all side by side. `later(id)` returns a promise of the snippets if those of a vendor need something
 * that is made only when it is shown.
 */
function pastes(vendors, apis, later = () => null) {
  const body = vendor => {
    const api = apis?.find(({ id }) => id === vendor.id);
    const made = later(vendor.id);
    if (!made) return pasted(vendor, api);
    const place = h('div.stack.roomy', {}, skeleton(6));
    made.then(list => show(place, pasted(list.find(({ id }) => id === vendor.id), api)), reason => show(place, problem(reason)));
    return place;
  };
  const oneByOne = () => {
    const chosen = localStorage.getItem(KEPT) ?? 'qiscus';
    return tabs('Vendor', vendors.map(vendor => ({ id: vendor.id, label: vendor.label, body: () => body(vendor) })), chosen, id => localStorage.setItem(KEPT, id));
  };
  const sideBySide = () => h('div.vendors', {}, vendors.map(vendor => h('section.vendor', { 'aria-label': vendor.label }, h('h2', {}, vendor.label), body(vendor))));
  const place = h('div');
  const turn = h('button.small', { type: 'button', onclick: () => set(!isAbreast) });
  let isAbreast = localStorage.getItem(LAYOUT_KEPT) === 'yes';
  const draw = () => {
    turn.textContent = isAbreast ? 'Show tabs' : 'Show side by side';
    show(place, isAbreast ? sideBySide() : oneByOne());
  };
  const set = given => {
    isAbreast = given;
    localStorage.setItem(LAYOUT_KEPT, isAbreast ? 'yes' : 'no');
    draw();
  };
  draw();
  return h('div.stack', {}, h('div.end', {}, turn), place);
}

/** What to paste for one vendor. Secrets are masked on the screen until the reader shows them; what is copied always has them. */
function pasted(vendor, api) {
  const masked = text => vendor.secrets.reduce((left, secret) => left.replaceAll(secret, MASK), text);
  const places = [];
  const hide = (element, text) => {
    places.push(() => (element.textContent = isShown ? text : masked(text)));
    return element;
  };
  let isShown = !api || localStorage.getItem(SECRETS_KEPT) === 'shown';
  const turn = h('button.small', { type: 'button', onclick: () => set(!isShown) });
  const set = given => {
    isShown = given;
    localStorage.setItem(SECRETS_KEPT, isShown ? 'shown' : 'hidden');
    draw();
  };
  const draw = () => {
    turn.textContent = isShown ? 'Hide secrets' : 'Show secrets';
    places.forEach(place => place());
  };
  const fact = ([name, value]) => h('div', {},
    h('dt', {}, name), h('dd', {}, hide(h('code'), value), api && copyButton(name, () => value)));
  const snippet = (head, text, what, more) => h('figure.snippet', {},
    h('figcaption', {}, h('h2', {}, head), h('span.tools', {}, more, copyButton(what, () => text))),
    hide(h('pre.code', { tabindex: '0', role: 'region', 'aria-label': what }), text));
  const content = [
    h('div.between.top', {}, h('dl.facts.abreast', {}, vendor.facts.map(fact)), api && turn),
    vendor.condition && h('p.caution', {}, h('strong', {}, 'Before the code of an app works: '), vendor.condition),
    h('div.pair', {},
      snippet('From a shell', vendor.curl, `${vendor.label} call`, api && runButton(api)),
      snippet('In your app', vendor.js, `${vendor.label} code`)),
    h('p.hint', {}, vendor.note),
  ];
  draw();
  return content;
}

/** Makes the call of the snippet from this page. */
function runButton(api) {
  const button = h('button.small', { type: 'button' }, 'Run it here');
  const note = h('span');
  button.addEventListener('click', () => during(button, note, async () => {
    await recordChange(api.id, api.sampleUser, 'account');
    const refused = refusal(await api.sample());
    if (refused) throw new Error(refused);
    announce(`${api.name} answered`);
  }));
  return [note, button];
}

/** The calls as they arrive. Those of this console are marked, and do not count as calls of an app. */
function watch(place, signal) {
  const rows = h('ol.calls', {});
  const head = h('h2', {}, 'Waiting for the first call');
  const pulse = h('span.pulse', { 'aria-hidden': 'true' });
  const hint = h('p.hint', {}, 'Paste one of the snippets above, or start your app. Its call appears here at once.');
  show(place, h('div.strip', {}, pulse, h('div', {}, head, hint)), rows);
  const meet = () => {
    pulse.classList.add('is-met');
    head.textContent = 'Your app is calling';
    show(hint, 'The latest calls. ', h('a', { href: '#/requests' }, 'See what they sent and received'), '.');
  };
  const add = call => {
    if (!isOfConsole(call)) meet();
    rows.prepend(callRow(call));
    if (rows.children.length > CALLS_SHOWN) rows.lastElementChild.remove();
    announce(`${call.method} ${pathOf(call)} answered ${call.status}`);
  };
  get('/requests').then(({ is_on: isOn, requests }) => {
    if (signal.aborted) return;
    if (!isOn) return show(place, unwatched());
    if (!requests.every(isOfConsole)) meet();
    requests.slice(-CALLS_SHOWN).forEach(add);
    follow(`/requests?after=${requests.at(-1)?.n ?? 0}`, signal, add);
  }).catch(reason => show(place, problem(reason)));
}

const unwatched = () => h('div.note', {},
  h('p', {}, h('strong', {}, 'Calls are not recorded. '), 'Start the server with ', h('code', {}, '--inspect'), ' to see them here as they arrive. ',
    'The users they create are under ', h('a', { href: '#/users' }, 'Users'), ' in any case.'));

/** Whether this console, and no app, made a call. */
export const isOfConsole = call => CONSOLE_HEADER in call.request.headers;

export const pathOf = call => call.path.split('?')[0];

const VENDOR = { qiscus: 'Qiscus', mirrorfly: 'MirrorFly', tencent: 'Tencent' };
export const vendor = id => VENDOR[id] ?? id;

export const statusChip = status => h('span', { class: `status ${status >= 500 ? 'is-broken' : status >= 400 ? 'is-refused' : 'is-good'}` }, String(status));

function callRow(call) {
  return h('li', {}, h('a', { href: `#/requests?n=${call.n}` },
    statusChip(call.status), h('span.what', {}, h('b', {}, call.method), ' ', pathOf(call)),
    h('span.tag', {}, vendor(call.dialect)), isOfConsole(call) && h('span.tag', {}, 'this console'), call.user && h('span.by', {}, call.user),
    h('span.num', {}, took(call.took_us)), when(call.at, 'medium')));
}
