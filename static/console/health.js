// Knows how the house is: the last hour in four curves, and what it holds.

import { get } from './api.js';
import { bytes, count, h, newId, problem, s, show, skeleton, took } from './dom.js';

export const title = 'Health';

const AGAIN_MS = 15_000;
const WIDTH = 480;
const HEIGHT = 120;
const PAD = 8;

export async function open(place, { signal }) {
  const body = h('div.stack.roomy');
  show(place, h('h1', {}, 'Health'), h('p.lede', {}, 'The last hour, minute by minute.'), body);
  show(body, skeleton(6));
  async function load() {
    try {
      const facts = await get('/health');
      if (!signal.aborted) show(body, drawn(facts));
    } catch (reason) {
      if (!signal.aborted) show(body, problem(reason));
    }
  }
  await load();
  const timer = setInterval(load, AGAIN_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
}

function drawn(facts) {
  const minutes = facts.minutes ?? [];
  const of = name => minutes.map(minute => minute[name] ?? 0);
  const sockets = Object.values(facts.sockets ?? {}).reduce((sum, n) => sum + n, 0);
  return [
    h('dl.tiles', {},
      tile('Up for', span(facts.uptime_s), `version ${facts.version}`),
      tile('Open connections', count(sockets), Object.entries(facts.sockets ?? {}).map(([wire, n]) => `${wire} ${n}`).join(', ')),
      tile('Database', bytes(facts.database_bytes)),
      tile('Pictures', bytes(facts.pictures_bytes)),
      tile('Disk left', bytes(facts.disk_free_bytes))),
    h('div.plots', {},
      plot('Requests a minute', [['requests', of('requests')]], count),
      plot('Latency', [['p50', of('p50_us')], ['p95', of('p95_us')]], took),
      plot('Commits a minute', [['commits', of('commits')]], count),
      plot('Writer queue', [['waiting', of('queue')]], count)),
  ];
}

const tile = (name, value, more) => h('div', {}, h('dt', {}, name), h('dd', {}, h('b', {}, value), more && h('span.hint', {}, more)));

function span(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** Curves over one scale from zero; the words beside say what eyes see. */
function plot(name, curves, unit) {
  const top = Math.max(1, ...curves.flatMap(([, values]) => values));
  const id = newId();
  const said = curves.map(([label, values]) => `${label} now ${unit(values.at(-1) ?? 0)}, at most ${unit(Math.max(0, ...values))}`).join('; ');
  return h('figure.sheet.plot', {},
    h('figcaption.between', { id }, h('h2', {}, name), h('span.legend', {}, curves.map(([label, values], n) =>
      h('span', { class: `key key-${n}` }, curves.length > 1 && `${label} `, h('b', {}, unit(values.at(-1) ?? 0)))))),
    s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${name}: ${said}`, preserveAspectRatio: 'none' },
      [0, 0.5, 1].map(part => s('line', { class: 'rule', x1: 0, x2: WIDTH, y1: height(part), y2: height(part) })),
      curves.map(([, values], n) => curve(values, top, n))),
    h('p.scale.hint', {}, h('span', {}, 'an hour ago'), h('span', {}, `top ${unit(top)}`), h('span', {}, 'now')));
}

const height = part => HEIGHT - PAD - part * (HEIGHT - 2 * PAD);

function curve(values, top, n) {
  if (values.length < 2) return null;
  const points = values.map((value, at) => `${(at / (values.length - 1) * WIDTH).toFixed(1)} ${height(value / top).toFixed(1)}`);
  const line = `M${points.join('L')}`;
  return [
    n === 0 && s('path', { class: 'area', d: `${line}L${WIDTH} ${height(0)}L0 ${height(0)}Z` }),
    s('path', { class: `curve curve-${n}`, d: line, 'vector-effect': 'non-scaling-stroke' }),
  ];
}
