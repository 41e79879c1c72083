// Knows how a foreign app finds this house: what to paste, and the first call as it arrives.

import { follow, get, session } from './api.js';
import { announce, copyButton, during, h, problem, show, skeleton, tabs, took, when } from './dom.js';
import * as house from './house.js';
import { flags, refusal, snippets, speak, userSigOf } from './wires.js';

export const title = 'Connect';

/** Rows of calls below the snippets. */
const CALLS_SHOWN = 5;

const KEPT = 'standin.vendor';
const ABREAST_KEPT = 'standin.abreast';
const COVER_KEPT = 'standin.secrets';
const COVER = '••••••••••••';

export async function open(place, { params, signal }) {
  const stage = h('section', { 'aria-label': 'What to paste' });
  const arrivals = h('section.arrivals', { 'aria-label': 'Calls' });
  show(place,
    h('h1', {}, 'Point your app here'),
    h('p.lede', {}, 'Standin answers as Qiscus Chat, MirrorFly and Tencent Cloud Chat do. Change one address in your app, and its users live on this machine.'),
    stage, arrivals);

  const app = session ? house.app() : null;
  if (!app) {
    show(stage, pastes(snippets(), null));
    show(arrivals, session ? noApp() : invitation(params));
    return;
  }
  const keys = await house.secrets();
  const isOnly = house.all().length === 1;
  const withUserSig = async () => {
    const [userSig, { data }] = await Promise.all([userSigOf(app), get('/server')]);
    return snippets(app, keys, userSig, flags(app.app_id, isOnly, data));
  };
  show(stage, pastes(snippets(app, keys), speak(app, keys), id => id === 'tencent' ? withUserSig() : null));
  watch(arrivals, signal);
}

const noApp = () => h('p.hint', {}, 'There is no app yet. ', h('a', { href: '#/apps' }, 'Make the first one'), '.');

function invitation({ setup }) {
  return h('div.note', {},
    h('p', {}, h('strong', {}, 'Fill in the blanks. '),
      setup === false
        ? 'Nobody can sign in yet. Open the one-time link that the start printed in the terminal.'
        : 'Once you are signed in, these carry your real credentials, and your first call appears here as it arrives.'),
    h('p', {}, h('a.button.primary', { href: '#/sign-in' }, setup === false ? 'How to begin' : 'Sign in')));
}

/**
 * The vendors, one at a time behind tabs or all three side by side. `later(id)` answers the snippets anew where a vendor's need
 * something that is only made when it is asked for.
 */
function pastes(vendors, wires, later = () => null) {
  const body = vendor => {
    const wire = wires?.find(wire => wire.id === vendor.id);
    const made = later(vendor.id);
    if (!made) return pasted(vendor, wire);
    const place = h('div.stack.roomy', {}, skeleton(6));
    made.then(list => show(place, pasted(list.find(({ id }) => id === vendor.id), wire)), reason => show(place, problem(reason)));
    return place;
  };
  const oneByOne = () => {
    const chosen = localStorage.getItem(KEPT) ?? 'qiscus';
    return tabs('Vendor', vendors.map(vendor => ({ id: vendor.id, label: vendor.label, body: () => body(vendor) })), chosen, id => localStorage.setItem(KEPT, id));
  };
  const sideBySide = () => h('div.vendors', {}, vendors.map(vendor => h('section.vendor', { 'aria-label': vendor.label }, h('h2', {}, vendor.label), body(vendor))));
  const place = h('div');
  const turn = h('button.quiet', { type: 'button', onclick: () => set(!isAbreast) });
  let isAbreast = localStorage.getItem(ABREAST_KEPT) === 'yes';
  const draw = () => {
    turn.textContent = isAbreast ? 'One by one' : 'Side by side';
    show(place, isAbreast ? sideBySide() : oneByOne());
  };
  const set = given => {
    isAbreast = given;
    localStorage.setItem(ABREAST_KEPT, isAbreast ? 'yes' : 'no');
    draw();
  };
  draw();
  return h('div.stack', {}, h('div.end', {}, turn), place);
}

/** Secrets are covered on the screen until they are asked for; what is copied is whole either way. */
function pasted(vendor, wire) {
  const cover = text => vendor.secrets.reduce((left, secret) => left.replaceAll(secret, COVER), text);
  const places = [];
  const hide = (element, text) => {
    places.push(() => (element.textContent = isShown ? text : cover(text)));
    return element;
  };
  let isShown = !wire || localStorage.getItem(COVER_KEPT) === 'shown';
  const turn = h('button.quiet', { type: 'button', onclick: () => set(!isShown) });
  const set = given => {
    isShown = given;
    localStorage.setItem(COVER_KEPT, isShown ? 'shown' : 'covered');
    draw();
  };
  const draw = () => {
    turn.textContent = isShown ? 'Cover secrets' : 'Show secrets';
    places.forEach(place => place());
  };
  const fact = ([name, value]) => h('div', {},
    h('dt', {}, name), h('dd', {}, hide(h('code'), value), wire && copyButton(name, () => value)));
  const snippet = (head, text, what, more) => h('figure.snippet', {},
    h('figcaption', {}, h('h2', {}, head), h('span.tools', {}, more, copyButton(what, () => text))),
    hide(h('pre.code', { tabindex: '0', role: 'region', 'aria-label': what }), text));
  const content = [
    h('div.between.top', {}, h('dl.facts.abreast', {}, vendor.facts.map(fact)), wire && turn),
    h('div.pair', {},
      snippet('From a shell', vendor.curl, `${vendor.label} call`, wire && runButton(wire)),
      snippet('In your app', vendor.js, `${vendor.label} code`)),
    h('p.hint', {}, vendor.note),
  ];
  draw();
  return content;
}

/** Makes the very call of the snippet from this page, for who has no shell at hand. */
function runButton(wire) {
  const button = h('button.quiet', { type: 'button' }, 'Run it here');
  const note = h('span');
  button.addEventListener('click', () => during(button, note, async () => {
    const refused = refusal(await wire.hello());
    if (refused) throw new Error(refused);
    announce(`${wire.name} answered`);
  }));
  return [note, button];
}

/** The calls as they come; until the first one, what is waited for. */
function watch(place, signal) {
  const rows = h('ol.calls', {});
  const head = h('h2', {}, 'Waiting for the first call');
  const pulse = h('span.pulse', { 'aria-hidden': 'true' });
  const hint = h('p.hint', {}, 'Paste one of the snippets above, or start your app. The call appears here the moment it arrives.');
  show(place, h('div.strip', {}, pulse, h('div', {}, head, hint)), rows);
  let heard = 0;
  const hear = call => {
    if (heard === 0) {
      pulse.classList.add('is-met');
      head.textContent = 'Your app is talking';
      show(hint, 'The latest calls. ', h('a', { href: '#/requests' }, 'See everything they said'), '.');
    }
    heard += 1;
    rows.prepend(callRow(call));
    if (rows.children.length > CALLS_SHOWN) rows.lastElementChild.remove();
    announce(`${call.method} ${pathOf(call)} answered ${call.status}`);
  };
  get('/requests').then(({ is_on: isOn, requests }) => {
    if (signal.aborted) return;
    if (!isOn) return show(place, unwatched());
    requests.slice(-CALLS_SHOWN).forEach(hear);
    follow(`/requests?after=${requests.at(-1)?.n ?? 0}`, signal, hear);
  }).catch(reason => show(place, problem(reason)));
}

const unwatched = () => h('div.note', {},
  h('p', {}, h('strong', {}, 'Calls are not watched. '), 'Start the server with ', h('code', {}, '--inspect'), ' and they appear here as they arrive. ',
    'Users they make are under ', h('a', { href: '#/users' }, 'Users'), ' either way.'));

export const pathOf = call => call.path.split('?')[0];

const VENDOR = { qiscus: 'Qiscus', mirrorfly: 'MirrorFly', tencent: 'Tencent' };
export const vendor = id => VENDOR[id] ?? id;

export const statusChip = status => h('span', { class: `status ${status >= 500 ? 'is-broken' : status >= 400 ? 'is-refused' : 'is-good'}` }, String(status));

function callRow(call) {
  return h('li', {}, h('a', { href: `#/requests?n=${call.n}` },
    statusChip(call.status), h('span.what', {}, h('b', {}, call.method), ' ', pathOf(call)),
    h('span.tag', {}, vendor(call.dialect)), call.user && h('span.by', {}, call.user), h('span.num', {}, took(call.took_us)), when(call.at)));
}
