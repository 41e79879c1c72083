// Knows how an administrator signs in: by name and password, or the first one by the link that the server printed at its start.

import { setUp, signIn } from './api.js';
import { during, field, form, h, show } from './dom.js';

export const title = 'Sign in';

/** The fewest characters that the server accepts. */
const PASSWORD_CHARS_MIN = 12;

export function open(place, { params }) {
  const content = params.code ? first(params.code) : params.setup === false ? noAdministrator() : known(params.then);
  show(place, h('div.entrance', {}, content));
}

function known(then) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Sign in');
  const submit = () => during(button, note, () => signIn(name.value, password.value));
  const asked = then && then !== '#/sign-in';
  return [
    h('h1', {}, 'Sign in'),
    h('p.lede', {}, asked ? 'This screen is for administrators. A session ends after 20 minutes without use.' : 'For administrators of this server.'),
    form(note, submit, field('Name', name), field('Password', password), note, h('div.actions', {}, button)),
    h('details', {}, h('summary', {}, 'Forgot the password?'),
      h('p', {}, 'On the machine of the server, this command sets a new one:'),
      h('pre.code', { tabindex: '0' }, 'standin admin set-password NAME --password-stdin')),
  ];
}

function first(code) {
  const name = h('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false', value: 'admin' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'new-password', required: true, minlength: PASSWORD_CHARS_MIN });
  const note = h('div');
  const button = h('button.primary', { type: 'submit' }, 'Create administrator');
  const submit = () => during(button, note, () => setUp(code, name.value, password.value));
  return [
    h('h1', {}, 'Welcome to Standin'),
    h('p.lede', {}, 'You opened the one-time link. Choose the name and the password that you sign in with from now on.'),
    form(note, submit,
      field('Name', name),
      field('Password', password, `At least ${PASSWORD_CHARS_MIN} characters. A sentence is easy to remember.`),
      note,
      h('div.actions', {}, button)),
    h('p.hint', {}, 'The link works once, and for 30 minutes. To get a new one, restart the server.'),
  ];
}

function noAdministrator() {
  const way = (head, text, code) => h('li', {}, h('h2', {}, head), h('p', {}, text), code && h('pre.code', { tabindex: '0' }, code));
  return [
    h('h1', {}, 'There is no administrator yet'),
    h('p.lede', {}, 'There is no default password. Create the first administrator in one of three ways:'),
    h('ol.ways', {},
      way('By the link in the terminal', 'A server that starts in a terminal prints an address that ends in #setup=…. Open it within 30 minutes; it works once.'),
      way('By a command', 'On the machine of the server:', 'standin admin create NAME --password-stdin'),
      way('By a setting', 'For containers, before the server starts. The name is then admin.', 'STANDIN_ADMIN_PASSWORD_FILE=/run/secrets/standin-admin')),
  ];
}
