// Knows two devices side by side, each with a user of one vendor's API who sees the other user. The time from a change on one side until
// the other side shows it is measured. In a demo the two users chat.

import { follow, get, isDemo } from './api.js';
import { announce, confirm, during, empty, field, form, h, portrait, problem, select, show, skeleton, toast } from './dom.js';
import { chat, isAboutChat } from './chat.js';
import { crop, pictureDrop } from './crop.js';
import { chatApis } from './messages.js';
import * as selected from './selected.js';
import { recordChange, refusal, setPicture, vendorApis } from './vendors.js';

export const title = 'Live demo';

/** How many users can be chosen from. */
const CHOICES = 50;

/** How long a change glows where it arrived. */
const FRESH_MS = 600;

export async function open(place, { signal }) {
  const head = [
    h('h1', {}, 'Two vendors, one user'),
    h('p.lede', {}, `Each side is a device that uses one vendor’s API. Change a name or a picture on one side${isDemo ? ', or write a message' : ''}; the other side shows it.`),
  ];
  if (!selected.app()) return show(place, head, empty('No app yet', 'Create an app first.', h('a.button', { href: '#/apps' }, 'Create an app')));
  if (!isDemo) head.push(h('p.caution', {}, h('strong', {}, `These are the users of ${selected.app().name}, no samples. `),
    'A name or picture that you send here changes for all their apps, at once. The audit log names you. Their messages are not shown here.'));
  const stage = h('div.devices');
  show(place, head, stage);
  show(stage, skeleton(6), skeleton(6));
  const [keys, { users }] = await Promise.all([selected.secrets(), get(`${selected.inApp('users')}?limit=${CHOICES}`)]);
  if (signal.aborted) return;
  const chats = chatApis(selected.app(), keys);
  const apis = vendorApis(selected.app(), keys).map(api => ({ ...api, chat: chats[api.id] }));
  if (users.length < 2 || apis.length === 0) {
    return show(place, head, empty('The demo needs two users', 'Create them under Users, or let your app register them.', h('a.button', { href: '#/users' }, 'Users')));
  }
  const of = (id, otherwise) => users.find(user => user.id === id) ?? users[otherwise];
  const usable = apis.filter(({ id }) => id !== 'mirrorfly' || keys.account_password !== null);
  const left = device(users, usable, of('user1', 0), usable[0], consent());
  const right = device(users, usable, of('user2', 1), usable.at(-1), left.mayChange);
  left.other = right;
  right.other = left;
  show(stage, left.element, right.element);
  [left, right].forEach(side => side.begin(signal));
  [left, right].forEach(side => side.chat?.draw());
  follow('/events', signal, event => {
    for (const side of [left, right]) side.hear(event);
  }, state => stage.classList.toggle('is-lost', state === 'lost'));
}

/** Returns what asks, once, before the first change of a user who is no sample. */
function consent() {
  let isGiven = isDemo;
  return async user => {
    isGiven ||= await confirm('Change a real user?', `What you send changes ${user} for all apps and for everybody who sees this user.`, 'Change it');
    return isGiven;
  };
}

function device(users, apis, user, api, mayChange) {
  const side = { user, api, mayChange, other: null, element: null, chat: null, sent: null, ms: null };
  const own = h('div.own');
  const seen = h('div.seen');
  const who = select(users.map(user => [user.id, user.id]), user.id);
  const through = select(apis.map(({ id, name }) => [id, name]), api.id);
  if (isDemo) side.chat = chat(side);
  side.element = h('article.device', {},
    h('div.device-head', {}, field('User', who), field('Vendor', through)), seen, own, side.chat?.element);

  const read = async id => {
    const answer = await side.api.read(id);
    const refused = refusal(answer);
    if (refused) throw new Error(`${side.api.name}: ${refused}`);
    return { id, ...await side.api.shown(answer) };
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
        h('h2', {}, `${side.user.id} sees, through ${side.api.name}`),
        h('div.card', {}, portrait(contact, 'large'), h('div', {}, h('b', {}, name), contact.status && h('p', {}, contact.status))),
        h('p.latency', {}, side.ms === null ? h('span.hint', {}, 'Watching') : [h('b', {}, `${side.ms} ms`), ' after the change was sent']));
      if (!isNew) return;
      announce(`${name} is shown through ${side.api.name} after ${side.ms} milliseconds`);
      seen.classList.add('is-fresh');
      setTimeout(() => seen.classList.remove('is-fresh'), FRESH_MS);
    } catch (reason) {
      show(seen, problem(reason));
    }
  };

  side.hear = event => {
    if (event.app !== selected.app().app_id) return;
    if (isAboutChat(event)) {
      if ([side.user.id, side.other.user.id].includes(event.user)) side.chat?.look();
    } else if (event.user === side.other.user.id) side.look();
  };

  side.draw = async signal => {
    show(own, skeleton(2));
    const mine = await read(side.user.id).catch(reason => show(own, problem(reason)));
    if (!mine) return;
    const name = h('input', { value: mine.name ?? '', required: true });
    const note = h('div');
    const button = h('button.primary', { type: 'submit' }, 'Send');
    const submit = () => during(button, note, async () => {
      if (!await side.mayChange(side.user.id)) return;
      await recordChange(side.api.id, side.user.id, 'name');
      side.sent = { at: performance.now(), name: name.value };
      const refused = refusal(await side.api.rename(side.user.id, name.value));
      if (refused) {
        side.sent = null;
        throw new Error(`${side.api.name} refused it: ${refused}`);
      }
    });
    const take = async file => {
      show(note);
      try {
        const cut = await crop(file, signal);
        if (!cut || !await side.mayChange(side.user.id)) return;
        side.sent = { at: performance.now() };
        await setPicture(side.user.id, cut);
        toast('Sent');
      } catch (reason) {
        show(note, problem(reason));
      }
    };
    show(own,
      form(note, submit, h('div.row', {}, field(`Name, sent through ${side.api.name}`, name), button)),
      note, pictureDrop('Drop a picture here, or press to choose one', take, signal));
  };

  side.begin = signal => {
    const again = () => {
      side.user = users.find(user => user.id === who.value);
      side.api = apis.find(({ id }) => id === through.value);
      Object.assign(side, { sent: null, ms: null });
      side.draw(signal);
      side.look();
      side.other.look();
      side.chat?.draw();
      side.other.chat?.draw();
    };
    who.addEventListener('change', again);
    through.addEventListener('change', again);
    side.draw(signal);
    side.look();
  };
  return side;
}
