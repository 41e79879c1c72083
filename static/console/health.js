// Knows how the server is: the last hour as bars, and what it stores.

import { get } from './api.js';
import { bytes, count, h, problem, s, show, skeleton, took } from './dom.js';

export const title = 'Health';

const AGAIN_MS = 15_000;
const MINUTES = 60;
const WIDTH = 480;
const HEIGHT = 120;
const PAD = 8;
const LOW = 2;

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
  const of = name => facts.minutes.map(minute => ({ ago: minute.ago, value: minute[name] }));
  const sockets = facts.sockets.reduce((sum, { open }) => sum + open, 0);
  return [
    h('dl.tiles', {},
      tile('Up for', span(facts.uptime_s), `version ${facts.version}`),
      tile('Open connections', count(sockets), facts.sockets.map(({ vendor, open }) => `${vendor} ${open}`).join(', ')),
      tile('Writes waiting', count(facts.writes_waiting), facts.writes_waiting === 0 ? 'none' : 'for the disk'),
      tile('Database', bytes(facts.database_bytes)),
      tile('Pictures', bytes(facts.picture_bytes), `${count(facts.pictures)} stored, each in all sizes`),
      tile('Free disk space', bytes(facts.disk_free_bytes))),
    h('div.plots', {},
      plot('Requests per minute', [['requests', of('requests')]], count),
      plot('Latency', [['p95', of('p95_us')], ['p50', of('p50_us')]], took),
      plot('Commits per minute', [['commits', of('commits')]], count)),
  ];
}

const tile = (name, value, more) => h('div', {}, h('dt', {}, name), h('dd', {}, h('b', {}, value), more && h('span.hint', {}, more)));

function span(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** Bars over one scale from zero, a later series in front of the former. The label says what the bars show. */
function plot(name, series, unit) {
  const known = values => values.map(({ value }) => value).filter(value => value !== null && value !== undefined);
  const shown = value => (value === null || value === undefined ? '–' : unit(value));
  const top = Math.max(1, ...series.flatMap(([, values]) => known(values)));
  const said = series.map(([label, values]) => `${label} now ${shown(values.at(-1)?.value)}, at most ${unit(Math.max(0, ...known(values)))}`).join('; ');
  return h('figure.sheet.plot', {},
    h('figcaption.between', {}, h('h2', {}, name), h('span.legend', {}, series.map(([label, values], n) =>
      h('span', { class: series.length > 1 && n === 0 ? 'key is-behind' : 'key' }, series.length > 1 && `${label} `, h('b', {}, shown(values.at(-1)?.value)))))),
    s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${name}: ${said}`, preserveAspectRatio: 'none' },
      [0, 0.5, 1].map(part => s('line', { class: 'rule', x1: 0, x2: WIDTH, y1: height(part), y2: height(part) })),
      series.map(([, values], n) => values.map(minute => bar(minute, top, series.length > 1 && n === 0)))),
    h('p.scale.hint', {}, h('span', {}, 'an hour ago'), h('span', {}, `top ${unit(top)}`), h('span', {}, 'now')));
}

const height = part => HEIGHT - PAD - part * (HEIGHT - 2 * PAD);
const SLOT = WIDTH / MINUTES;

/** One minute. A value above zero is always high enough to be seen. */
function bar({ ago, value }, top, isBehind) {
  if (!value) return null;
  const tall = Math.max(LOW, height(0) - height(value / top));
  return s('rect', { class: isBehind ? 'bar-behind' : 'bar-front', x: WIDTH - (ago + 1) * SLOT + 1, y: height(0) - tall, width: SLOT - 2, height: tall, rx: 1 });
}
