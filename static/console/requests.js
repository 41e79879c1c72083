// Knows the calls that foreign apps made: what was asked, what was answered, how to make the call again, what to mend.

import { base, follow, get } from './api.js';
import { announce, copyButton, empty, field, h, problem, select, show, skeleton, took, when } from './dom.js';
import { pathOf, statusChip, vendor } from './connect.js';

export const title = 'Requests';

/** As many as the server keeps. */
const KEPT = 500;

/** Rows that are drawn at one time: more would be scrolled past by nobody. */
const ROWS_SHOWN = 100;

const HINTS = [
  [call => call.status === 401 && call.dialect === 'qiscus', 'The app id or the secret is another one than this house’s. Compare the headers QISCUS-SDK-APP-ID and QISCUS-SDK-SECRET with Connect.'],
  [call => call.status === 401 && call.dialect === 'mirrorfly', 'The Authorization header wants the bare token of POST /api/v1/login, without Bearer, and not older than an hour.'],
  [call => call.dialect === 'tencent' && /70003|70009|70013|70014|70016/.test(call.answer.body), 'The UserSig does not fit: made with another SecretKey or SDKAppID, for another user, or run out. Compare with Connect.'],
  [call => call.dialect === 'tencent' && /40009/.test(call.answer.body), 'A custom field must be declared before it is set: see Fields.'],
  [call => call.status === 404, 'Compare the path with the vendor’s page. Rooms, messages, groups and calls are not part of Standin.'],
  [call => call.status === 429, 'Too many in too short a time. The answer’s Retry-After says how long to wait.'],
  [call => call.status >= 400 && call.status < 500, 'The answer names the field and what it wants.'],
  [call => call.status >= 500, 'This is the server’s fault. Its log says more, under the request id in the answer’s headers.'],
];

export async function open(place, { query, signal }) {
  const calls = [];
  let chosen = Number(query.get('n')) || null;
  const list = h('div');
  const detail = h('div.call-detail');
  const wire = select([['', 'Every wire'], ['qiscus', 'Qiscus'], ['mirrorfly', 'MirrorFly'], ['tencent', 'Tencent']], '');
  const outcome = select([['', 'Every answer'], ['good', 'Done'], ['refused', 'Refused']], '');
  const text = h('input', { type: 'search', placeholder: 'Path or user', spellcheck: 'false' });
  show(place,
    h('h1', {}, 'Requests'),
    h('p.lede', {}, 'What apps ask over the three wires, and what they are told. Secrets are masked; nothing is written to disk.'),
    h('search.row', {}, field('Wire', wire), field('Answer', outcome), field('Holds', text)),
    h('div.inspector', {}, list, detail));
  show(list, skeleton(6));

  const fits = call => (!wire.value || call.dialect === wire.value)
    && (!outcome.value || (outcome.value === 'refused') === isRefused(call))
    && (!text.value || `${call.path} ${call.user ?? ''}`.toLowerCase().includes(text.value.toLowerCase()));

  const pick = call => {
    chosen = call.n;
    draw();
    show(detail, described(call));
  };
  const row = call => h('li', {}, h('button', { type: 'button', 'aria-pressed': String(call.n === chosen), onclick: () => pick(call) },
    statusChip(call.status), h('span.what', {}, h('b', {}, call.method), ' ', pathOf(call)),
    h('span.num', {}, vendor(call.dialect), ' · ', took(call.took_us), ' · ', when(call.at))));
  function draw() {
    const shown = calls.filter(fits).slice(-ROWS_SHOWN).reverse();
    const focused = document.activeElement?.closest('.calls li');
    const at = focused ? [...focused.parentElement.children].indexOf(focused) : -1;
    show(list, shown.length > 0 ? h('ol.calls', {}, shown.map(row)) : calls.length > 0
      ? empty('None like that', 'Widen what is asked for above.')
      : empty('No call yet', 'Point an app here, or run one of the samples; it appears at once.', h('a.button', { href: '#/connect' }, 'Connect an app')));
    if (at >= 0) list.querySelectorAll('.calls button')[at]?.focus();
  }
  [wire, outcome, text].forEach(control => control.addEventListener('input', draw));

  try {
    const { is_on: isOn, requests } = await get('/requests');
    if (!isOn) return show(list, unwatched());
    calls.push(...requests);
  } catch (reason) {
    return show(list, problem(reason));
  }
  draw();
  const first = calls.find(call => call.n === chosen) ?? calls.at(-1);
  if (first) pick(first);
  follow(`/requests?after=${calls.at(-1)?.n ?? 0}`, signal, call => {
    calls.push(call);
    if (calls.length > KEPT) calls.shift();
    announce(`${call.method} ${pathOf(call)} answered ${call.status}`);
    if (calls.length === 1) pick(call);
    else draw();
  });
}

const unwatched = () => empty('Calls are not watched', 'Looking costs a little, so it is off until you ask for it. Start the server with --inspect.',
  h('pre.code', { tabindex: '0' }, 'standin serve --inspect'));

/** Tencent and MirrorFly say 200 to some refusals, and the truth in the body. */
const isRefused = call => call.status >= 400 || /"(status|ErrorCode)":\s*[1-9]\d{3,}|"ActionStatus":\s*"FAIL"/.test(call.answer.body);

function described(call) {
  const hint = isRefused(call) && HINTS.find(([fits]) => fits(call))?.[1];
  return [
    h('div.sheet', {},
      h('div.between', {}, h('h2', {}, `${vendor(call.dialect)} call ${call.n}`), copyButton('as curl', () => asCurl(call), 'Copy as curl')),
      h('p.mono.path', {}, h('b', {}, call.method), ' ', call.path),
      h('p.bar', {}, statusChip(call.status), h('span.num', {}, took(call.took_us)), call.app && h('span.tag', {}, call.app),
        call.user && h('a', { href: `#/users/${encodeURIComponent(call.user)}` }, call.user)),
      hint && h('div.problem', {}, h('p', {}, h('strong', {}, 'What to change: '), hint)),
      part('Request', call.request), part('Answer', call.answer)),
  ];
}

function part(name, { headers, body }) {
  const list = Array.isArray(headers) ? headers.map(one => (Array.isArray(one) ? one : [one.name, one.value])) : Object.entries(headers ?? {});
  return h('section.wire', {}, h('h3', {}, name),
    h('details', {}, h('summary', {}, `${list.length} headers`), h('pre.code.wraps', { tabindex: '0' }, list.map(([name, value]) => `${name}: ${value}`).join('\n'))),
    body ? h('pre.code.wraps', { tabindex: '0', role: 'region', 'aria-label': `${name} body` }, pretty(body)) : h('p.hint', {}, 'No body.'));
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** What a client adds by itself, and what curl would send wrongly. */
const OWN_HEADERS = /^(host|content-length|connection|accept|accept-encoding|accept-language|user-agent|referer|origin|cookie|sec-.*|upgrade-insecure-requests|priority|pragma|cache-control)$/i;

/** The call for a shell; masked secrets stay masked, to be filled in. */
function asCurl({ method, path, request }) {
  const quote = text => `'${text.replaceAll("'", `'\\''`)}'`;
  const list = Array.isArray(request.headers) ? request.headers.map(one => (Array.isArray(one) ? one : [one.name, one.value])) : Object.entries(request.headers ?? {});
  return [
    `curl -X ${method} ${quote(base.slice(0, -1) + path)}`,
    ...list.filter(([name]) => !OWN_HEADERS.test(name)).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(request.body ? [`-d ${quote(request.body)}`] : []),
  ].join(' \\\n  ');
}
