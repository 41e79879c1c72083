// Knows two devices side by side: a user on one wire and a user on another, each with the other in view. A change on one side is
// timed until the other side shows it.

import { follow, get } from './api.js';
import { announce, during, empty, field, h, portrait, problem, select, show, skeleton, toast } from './dom.js';
import { crop, pictureDrop } from './crop.js';
import * as house from './house.js';
import { refusal, setPicture, speak } from './wires.js';

export const title = 'Live demo';

/** How many users can be chosen from; who has more has the users' own pages. */
const CHOICES = 50;

/** How long a change glows where it arrived. */
const FRESH_MS = 600;

export async function open(place, { signal }) {
  const head = [
    h('h1', {}, 'Two wires, one user'),
    h('p.lede', {}, 'Each side is a device of its own, on a wire of its own. Change a name or drop a picture on one; the other shows it.'),
  ];
  if (!house.app()) return show(place, head, empty('No app yet', 'Make an app first.'));
  const stage = h('div.devices');
  show(place, head, stage);
  show(stage, skeleton(6), skeleton(6));
  const [keys, { users }] = await Promise.all([house.secrets(), get(`${house.inApp('users')}?limit=${CHOICES}`)]);
  if (signal.aborted) return;
  const wires = speak(house.app(), keys);
  if (users.length < 2 || wires.length === 0) {
    return show(place, head, empty('Two users are needed', 'Make them under Users, or let your app register them.', h('a.button', { href: '#/users' }, 'Users')));
  }
  const of = (id, otherwise) => users.find(user => user.id === id) ?? users[otherwise];
  const usable = wires.filter(wire => wire.id !== 'mirrorfly' || keys.account_password !== null);
  const left = device(users, usable, of('user1', 0), usable[0]);
  const right = device(users, usable, of('user2', 1), usable.at(-1));
  left.other = right;
  right.other = left;
  show(stage, left.element, right.element);
  [left, right].forEach(side => side.begin(signal));
  follow('/events', signal, event => {
    for (const side of [left, right]) side.hear(event);
  }, state => stage.classList.toggle('is-lost', state === 'lost'));
}

function device(users, wires, user, wire) {
  const side = { user, wire, other: null, element: null, sent: null, ms: null };
  const own = h('div.own');
  const seen = h('div.seen');
  const who = select(users.map(user => [user.id, user.id]), user.id);
  const over = select(wires.map(wire => [wire.id, wire.name]), wire.id);
  side.element = h('article.device', {},
    h('div.device-head', {}, field('User', who), field('Wire', over)), seen, own);

  const read = async id => {
    const answer = await side.wire.read(id);
    const refused = refusal(answer);
    if (refused) throw new Error(`${side.wire.name}: ${refused}`);
    return { id, ...await side.wire.shown(answer) };
  };

  side.look = async () => {
    try {
      const contact = await read(side.other.user.id);
      const { sent } = side.other;
      const isNew = sent && (sent.name === undefined || sent.name === contact.name);
      if (isNew) {
        side.ms = Math.round(performance.now() - sent.at);
        side.other.sent = null;
      }
      const name = contact.name || contact.id;
      show(seen,
        h('h2', {}, `${side.user.id} sees, over ${side.wire.name}`),
        h('div.card', {}, portrait(contact, 'large'), h('div', {}, h('b', {}, name), contact.status && h('p', {}, contact.status))),
        h('p.latency', {}, side.ms === null ? h('span.hint', {}, 'Watching') : [h('b', {}, `${side.ms} ms`), ' after the change began']));
      if (!isNew) return;
      announce(`${name} is shown over ${side.wire.name} after ${side.ms} milliseconds`);
      seen.classList.add('is-fresh');
      setTimeout(() => seen.classList.remove('is-fresh'), FRESH_MS);
    } catch (reason) {
      show(seen, problem(reason));
    }
  };

  side.hear = event => {
    if (event.user === side.other.user.id && event.app === house.app().app_id) side.look();
  };

  side.draw = async signal => {
    show(own, skeleton(2));
    const mine = await read(side.user.id).catch(reason => show(own, problem(reason)));
    if (!mine) return;
    const name = h('input', { value: mine.name ?? '', required: true });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Send');
    const submit = event => {
      event.preventDefault();
      during(button, note, async () => {
        side.sent = { at: performance.now(), name: name.value };
        const refused = refusal(await side.wire.rename(side.user.id, name.value));
        if (refused) {
          side.sent = null;
          throw new Error(`${side.wire.name} refuses: ${refused}`);
        }
      });
    };
    const take = async file => {
      try {
        const cut = await crop(file);
        if (!cut) return;
        side.sent = { at: performance.now() };
        await setPicture(side.user.id, cut);
        toast('Sent');
      } catch (reason) {
        show(note, problem(reason));
      }
    };
    show(own,
      h('form.row', { onsubmit: submit }, field(`Name, sent over ${side.wire.name}`, name), button),
      note, pictureDrop('Drop a picture here, or press to choose one', take, signal));
  };

  side.begin = signal => {
    const again = () => {
      side.user = users.find(user => user.id === who.value);
      side.wire = wires.find(wire => wire.id === over.value);
      Object.assign(side, { sent: null, ms: null });
      side.draw(signal);
      side.look();
      side.other.look();
    };
    who.addEventListener('change', again);
    over.addEventListener('change', again);
    side.draw(signal);
    side.look();
  };
  return side;
}
