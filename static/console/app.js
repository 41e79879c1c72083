// Knows the frame around every screen: the navigation, the theme, the administrator.

import { onSession, open, session, signOut } from './api.js';
import { h, icon, mayLeave, problem, select, show } from './dom.js';
import * as selected from './selected.js';
import { start } from './router.js';

/** The screens. Those with a `label` are in the navigation; `free` ones need no sign-in. */
const ROUTES = [
  { path: '/connect', label: 'Connect', icon: 'connect', free: true, load: () => import('./connect.js') },
  { path: '/users', label: 'Users', icon: 'users', load: () => import('./users.js') },
  { path: '/users/:id', under: '/users', load: () => import('./user.js') },
  { path: '/demo', label: 'Live demo', icon: 'demo', load: () => import('./demo.js') },
  { path: '/requests', label: 'Requests', icon: 'requests', load: () => import('./requests.js') },
  { path: '/fields', label: 'Fields', icon: 'fields', load: () => import('./fields.js') },
  { path: '/apps', label: 'Apps & keys', icon: 'apps', load: () => import('./apps.js') },
  { path: '/health', label: 'Health', icon: 'health', load: () => import('./health.js') },
  { path: '/audit', label: 'Audit log', icon: 'audit', load: () => import('./audit.js') },
];

const SIGN_IN = { path: '/sign-in', free: true, params: {}, load: () => import('./signin.js') };

const main = document.getElementById('main');
const rail = document.getElementById('rail');
const menu = document.getElementById('menu');
let router = null;

function drawNav(current) {
  const shown = ROUTES.filter(route => route.label && (route.free || session));
  const links = shown.map(route =>
    h('a', { href: `#${route.path}`, 'aria-current': route.path === (current.under ?? current.path) && 'page' }, icon(route.icon), route.label));
  show(document.getElementById('nav'), h('ul', {}, links.map(link => h('li', {}, link))));
}

function drawFoot() {
  const apps = selected.all();
  const chooser = apps.length > 1 && select(apps.map(app => [app.app_id, app.name]), selected.app().app_id, {
    'aria-label': 'App',
    onchange: async event => {
      if (!await mayLeave()) return drawFoot();
      selected.select(event.target.value);
      router.reopen();
    },
  });
  const who = session
    ? h('div.who', {}, h('span', {}, session.admin.name), h('button.small', { type: 'button', onclick: signOut }, 'Sign out'))
    : h('a.button', { href: '#/sign-in' }, 'Sign in');
  const documents = h('a.quiet-link', { href: 'docs/' }, 'API documents');
  show(document.getElementById('foot'), chooser, documents, themeSwitch(), who);
}

/** Switches between system, light and dark. */
function themeSwitch() {
  const root = document.documentElement;
  const order = ['system', 'light', 'dark'];
  const now = () => root.dataset.theme ?? 'system';
  const word = h('span', {}, now());
  const turn = () => {
    const next = order[(order.indexOf(now()) + 1) % order.length];
    if (next === 'system') {
      delete root.dataset.theme;
      localStorage.removeItem('standin.theme');
    } else {
      root.dataset.theme = next;
      localStorage.setItem('standin.theme', next);
    }
    word.textContent = next;
  };
  return h('button.quiet.theme', { type: 'button', onclick: turn }, icon('sun'), h('span', {}, 'Theme: ', word));
}

function closeMenu() {
  rail.classList.remove('is-open');
  menu.setAttribute('aria-expanded', 'false');
}

menu.addEventListener('click', () => {
  const isOpen = rail.classList.toggle('is-open');
  menu.setAttribute('aria-expanded', String(isOpen));
});
addEventListener('keydown', event => event.key === 'Escape' && closeMenu());
document.getElementById('skip').addEventListener('click', event => {
  event.preventDefault(); // the part behind # is the screen's address
  main.focus();
});

let known = {};

/** Takes up the session and starts the router. */
async function begin() {
  try {
    known = await open();
    if (session) await selected.load();
  } catch (reason) {
    show(main, h('h1', {}, 'Standin'), problem(reason), h('p', {}, h('button', { type: 'button', onclick: () => location.reload() }, 'Try again')));
    return;
  }
  drawFoot();
  router = start(main, [...ROUTES, SIGN_IN], {
    otherwise: '/connect',
    around(route) {
      closeMenu();
      drawNav(route);
    },
    guard(route) {
      const code = location.hash.match(/^#setup=(.+)$/)?.[1];
      if (session) return route;
      if (code) return { ...SIGN_IN, params: { code: decodeURIComponent(code) } };
      return route.free ? { ...route, params: { ...route.params, ...known } } : { ...SIGN_IN, params: { ...known, then: location.hash } };
    },
  });
}

onSession(async () => {
  if (!router) return;
  if (session) await selected.load();
  else {
    selected.forget();
    known = { setup: true };
  }
  drawFoot();
  if (session && /^#(setup=|\/sign-in)/.test(location.hash)) location.hash = '/connect';
  else router.reopen();
});

begin();
