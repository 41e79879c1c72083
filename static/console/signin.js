// Knows how somebody comes in: by name and password, or, as the first one, by the link that the start printed.

import { setUp, signIn } from './api.js';
import { during, field, h, show } from './dom.js';

export const title = 'Sign in';

/** What the server takes at least. */
const PASSWORD_CHARS_MIN = 12;

export function open(place, { params }) {
  const content = params.code ? first(params.code) : params.setup === false ? nobody() : known(params.then);
  show(place, h('div.entrance', {}, content));
}

function known(then) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Sign in');
  const submit = event => {
    event.preventDefault();
    during(button, note, () => signIn(name.value, password.value));
  };
  const asked = then && then !== '#/sign-in';
  return [
    h('h1', {}, 'Sign in'),
    h('p.lede', {}, asked ? 'That screen is for administrators. A session ends after 20 quiet minutes.' : 'For administrators of this server.'),
    h('form', { onsubmit: submit }, field('Name', name), field('Password', password), note, h('div.actions', {}, button)),
    h('details', {}, h('summary', {}, 'No way in?'),
      h('p', {}, 'On the machine of the server, this sets a new password:'),
      h('pre.code', { tabindex: '0' }, 'standin admin set-password NAME --password-stdin')),
  ];
}

function first(code) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false', value: 'admin' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'new-password', required: true, minlength: PASSWORD_CHARS_MIN });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Create administrator');
  const submit = event => {
    event.preventDefault();
    during(button, note, () => setUp(code, name.value, password.value));
  };
  return [
    h('h1', {}, 'Welcome to Standin'),
    h('p.lede', {}, 'You opened the one-time link of this start. Choose how you sign in from now on.'),
    h('form', { onsubmit: submit },
      field('Name', name),
      field('Password', password, `At least ${PASSWORD_CHARS_MIN} characters. A sentence is easy to keep in mind.`),
      note,
      h('div.actions', {}, button)),
    h('p.hint', {}, 'The link works once, for 30 minutes. Restart the server for a new one.'),
  ];
}

function nobody() {
  const way = (head, text, code) => h('li', {}, h('h2', {}, head), h('p', {}, text), code && h('pre.code', { tabindex: '0' }, code));
  return [
    h('h1', {}, 'Nobody can sign in yet'),
    h('p.lede', {}, 'There is no default password. Make the first administrator in one of three ways:'),
    h('ol.ways', {},
      way('By the link in the terminal', 'The start prints an address that ends in #setup=…, good once and for 30 minutes. Open it here.'),
      way('By a command', 'On the machine of the server:', 'standin admin create NAME --password-stdin'),
      way('By a setting', 'For containers, before the start. The name is then admin.', 'STANDIN_ADMIN_PASSWORD_FILE=/run/secrets/standin-admin')),
  ];
}
