// Knows which screen the address after the # names. One screen is open at a time: the former one ends before the next begins.

import { closeDialogs, forgetEdits, h, hasEdits, mayLeave, problem, show } from './dom.js';

/** An address that no route matches. */
const UNKNOWN = {
  path: '',
  free: true,
  params: {},
  load: async () => ({
    title: 'Not found',
    open: place => show(place, h('h1', {}, 'There is no such screen'),
      h('p', {}, 'The address after # names no screen of this console.'), h('p', {}, h('a.button', { href: '#/connect' }, 'Go to Connect'))),
  }),
};

/**
 * Starts. A route has a pattern ('/users/:id') and loads a module that exports `title` and `open(place, { params, query, signal })`.
 * `around(route)` is called at each change. While a screen is loading the place is `aria-busy`; then its `data-address` is what it shows.
 */
export function start(place, routes, { otherwise, around, guard }) {
  let ending = new AbortController();

  async function open() {
    ending.abort();
    ending = new AbortController();
    closeDialogs();
    forgetEdits();
    const { signal } = ending;
    const address = location.hash;
    const [path, query = ''] = (address.slice(1) || otherwise).split('?');
    const route = guard(match(routes, path) ?? UNKNOWN);
    place.ariaBusy = 'true';
    try {
      const screen = await route.load();
      if (signal.aborted) return;
      around(route);
      place.replaceChildren();
      await screen.open(place, { params: route.params, query: new URLSearchParams(query), signal });
      document.title = `${screen.title} · Standin`;
    } catch (reason) {
      if (signal.aborted) return;
      show(place, h('h1', {}, 'This screen did not open'), problem(reason), h('p', {}, h('button', { type: 'button', onclick: open }, 'Try again')));
    }
    if (signal.aborted) return;
    place.ariaBusy = null;
    place.dataset.address = address;
    if (hasMoved) focus(place);
    hasMoved = true;
  }

  let hasMoved = false;
  followAddress(open);
  open();
  return { reopen: open };
}

/** The entry of the browser's history that the page shows, counted from 0. Each entry keeps its number as its state. */
const entry = () => history.state?.n ?? null;

/** Opens what the address names, each time it changes. Where edits would be lost, the address goes back and the reader is asked first. */
function followAddress(open) {
  let shown = entry() ?? 0;
  let isReturning = false;
  const number = n => {
    shown = n;
    history.replaceState({ n }, '');
  };
  number(shown);
  addEventListener('hashchange', async () => {
    if (location.hash === '#main') return;
    if (isReturning) {
      isReturning = false;
      return;
    }
    const target = entry();
    const steps = target === null ? 1 : target - shown;
    if (hasEdits() && steps !== 0) {
      isReturning = true;
      const { hash } = location;
      history.go(-steps);
      closeDialogs();
      if (!await mayLeave()) return;
      if (target === null) location.hash = hash;
      else history.go(steps);
      return;
    }
    number(target ?? shown + 1);
    open();
  });
  addEventListener('beforeunload', event => hasEdits() && event.preventDefault());
}

function match(routes, path) {
  const parts = path.split('/');
  for (const route of routes) {
    const pattern = route.path.split('/');
    if (pattern.length !== parts.length) continue;
    const params = {};
    const fits = pattern.every((word, place) => {
      if (!word.startsWith(':')) return word === parts[place];
      const value = decoded(parts[place]);
      params[word.slice(1)] = value;
      return value !== null;
    });
    if (fits) return { ...route, params };
  }
  return null;
}

/** The text of a part of an address, or null if it is no encoded text. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Screen readers begin with the heading of a new screen. */
function focus(place) {
  const heading = place.querySelector('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

export const go = path => (location.hash = path);
