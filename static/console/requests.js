// Knows the calls of the vendors' clients: the request, the response, the same call for a shell, and what to change after an error.

import { base, follow, get, isDemo } from './api.js';
import { announce, copyButton, empty, field, h, problem, select, show, skeleton, took, when } from './dom.js';
import { isOfConsole, pathOf, statusChip, vendor } from './connect.js';

export const title = 'Requests';

/** As many as the server keeps. */
const KEPT = 500;

/** Rows that are drawn at one time. */
const ROWS_SHOWN = 100;

const HINTS = [
  [call => call.status === 401 && call.dialect === 'qiscus', 'The app id or the secret is not one of this server. Compare the headers QISCUS-SDK-APP-ID and QISCUS-SDK-SECRET with Connect.'],
  [call => call.status === 401 && call.dialect === 'mirrorfly', 'The Authorization header must hold the token of POST /api/v1/login, without the word Bearer. A token is valid for an hour.'],
  [call => call.dialect === 'tencent' && /70003|70009|70013|70014|70016/.test(call.answer.body), 'The UserSig is not valid: it was made with another SecretKey or SDKAppID, it is for another user, or it has expired. Compare with Connect.'],
  [call => call.dialect === 'tencent' && /40009/.test(call.answer.body), 'A custom field must be declared before it is set: see Fields.'],
  [call => call.status === 404, 'Compare the path with the vendor’s documentation. Groups, media and calls are not part of Standin.'],
  [call => call.status === 429, 'Too many calls in too short a time. The header Retry-After of the response says how long to wait.'],
  [call => call.status >= 400 && call.status < 500, 'The response names the field and its rule.'],
  [call => call.status >= 500, 'The server failed. Its log says more: look for the request id in the headers of the response.'],
];

export async function open(place, { query, signal }) {
  const calls = [];
  let chosen = Number(query.get('n')) || null;
  const list = h('div');
  const detail = h('div.call-detail');
  const from = select([['', 'All vendors'], ['qiscus', 'Qiscus'], ['mirrorfly', 'MirrorFly'], ['tencent', 'Tencent']], '');
  const outcome = select([['', 'All responses'], ['good', 'Done'], ['refused', 'Refused']], '');
  const text = h('input', { type: 'search', placeholder: 'Path or user', spellcheck: 'false' });
  show(place,
    h('h1', {}, 'Requests'),
    h('p.lede', {}, ['The HTTP calls of apps and back ends to the three vendors’ APIs, and the responses. What Tencent’s and MirrorFly’s SDKs ',
      'and Qiscus’ realtime server say over WebSockets is not listed. Secrets are masked',
      !isDemo && ', and messages are shown by the size of their texts', '; nothing is written to disk.']),
    h('search.row', {}, field('Vendor', from), field('Response', outcome), field('Contains', text)),
    h('div.inspector', {}, list, detail));
  show(list, skeleton(6));

  const fits = call => (!from.value || call.dialect === from.value)
    && (!outcome.value || (outcome.value === 'refused') === isRefused(call))
    && (!text.value || `${call.path} ${call.user ?? ''}`.toLowerCase().includes(text.value.toLowerCase()));

  const pick = call => {
    chosen = call.n;
    draw();
  };
  const row = call => h('li', {}, h('button', { type: 'button', 'aria-pressed': String(call.n === chosen), onclick: () => pick(call) },
    statusChip(call.status), h('span.what', {}, h('b', {}, call.method), ' ', pathOf(call)),
    h('span.num', {}, vendor(call.dialect), isOfConsole(call) && ' · this console', ' · ', took(call.took_us), ' · ', when(call.at, 'medium'))));
  let drawn = null;
  /** Shows the details of a chosen call that the filters select. */
  function describe(call) {
    if (call === drawn) return;
    drawn = call;
    show(detail, ...(call ? described(call) : []));
  }
  function draw() {
    const fitting = calls.filter(fits);
    describe(fitting.find(call => call.n === chosen));
    const shown = fitting.slice(-ROWS_SHOWN).reverse();
    const focused = document.activeElement?.closest('.calls li');
    const at = focused ? [...focused.parentElement.children].indexOf(focused) : -1;
    show(list, shown.length > 0 ? h('ol.calls', {}, shown.map(row)) : calls.length > 0
      ? empty('No such call', 'Choose less above.')
      : empty('No call yet', 'Connect an app, or run one of the samples. The call appears here at once.', h('a.button', { href: '#/connect' }, 'Connect an app')));
    if (at >= 0) list.querySelectorAll('.calls button')[at]?.focus();
  }
  [from, outcome, text].forEach(control => control.addEventListener('input', draw));

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

const unwatched = () => empty('Calls are not recorded', 'Recording takes some time and memory, so it is off by default. Start the server with --inspect.',
  h('pre.code', { tabindex: '0' }, 'standin serve --inspect'));

/** Tencent and MirrorFly answer some errors with 200, and name the error in the body. */
const isRefused = call => call.status >= 400 || /"(status|ErrorCode)":\s*[1-9]\d{3,}|"ActionStatus":\s*"FAIL"/.test(call.answer.body);

function described(call) {
  const hint = isRefused(call) && HINTS.find(([fits]) => fits(call))?.[1];
  const curl = asCurl(call);
  const isMasked = MASKED.test(curl);
  return [
    h('div.sheet', {},
      h('div.between', {}, h('h2', {}, `${vendor(call.dialect)} call ${call.n}`), copyButton('as curl', () => curl, 'Copy as curl', isMasked ? 'Copied, with masks' : 'Copied')),
      isMasked && h('p.caution', {}, h('strong', {}, 'The curl command does not run as it is. '),
        'The server keeps no secrets here: put your own in place of each ***, and the value in place of a note such as [20 bytes].'),
      h('p.mono.path', {}, h('b', {}, call.method), ' ', call.path),
      h('p.bar', {}, statusChip(call.status), h('span.num', {}, took(call.took_us)), call.app && h('span.tag', {}, call.app),
        call.user && h('a', { href: `#/users/${encodeURIComponent(call.user)}` }, call.user)),
      hint && h('div.problem', {}, h('p', {}, h('strong', {}, 'What to change: '), hint)),
      part('Request', call.request), part('Response', call.answer)),
  ];
}

function part(name, { headers, body }) {
  const list = Object.entries(headers);
  return h('section.part', {}, h('h3', {}, name),
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

/** Headers that curl adds by itself, or would send wrongly. */
const OWN_HEADERS = /^(host|content-length|connection|accept|accept-encoding|accept-language|user-agent|referer|origin|cookie|sec-.*|upgrade-insecure-requests|priority|pragma|cache-control|x-standin-console)$/i;

/** A secret that the server masked, or a text of which it kept only the size. */
const MASKED = /\*\*\*|\[\d+ (bytes|characters)/;

/** The call for a shell. Masked secrets stay masked. */
function asCurl({ method, path, request }) {
  const quote = text => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl -X ${method} ${quote(base.slice(0, -1) + path)}`,
    ...Object.entries(request.headers).filter(([name]) => !OWN_HEADERS.test(name)).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(request.body ? [`-d ${quote(request.body)}`] : []),
  ].join(' \\\n  ');
}
