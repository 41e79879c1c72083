// Knows which screen an address after the # is, and opens one at a time: the former is told to end before the next begins.

import { h, problem, show } from './dom.js';

/**
 * Starts. `routes` are pairs of a pattern ('/users/:id') and a loader of a module that exports `title` and
 * `open(place, { params, query, signal })`. `around(route)` is told of each change. While a screen is on its way the place is
 * `aria-busy`; then its `data-address` is what it shows.
 */
export function start(place, routes, { otherwise, around, guard }) {
  let ending = new AbortController();

  async function open() {
    ending.abort();
    ending = new AbortController();
    const { signal } = ending;
    const address = location.hash;
    const [path, query = ''] = (address.slice(1) || otherwise).split('?');
    const found = match(routes, path) ?? match(routes, otherwise);
    const route = guard(found);
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
  addEventListener('hashchange', () => location.hash !== '#main' && open());
  open();
  return { reopen: open };
}

function match(routes, path) {
  const parts = path.split('/');
  for (const route of routes) {
    const pattern = route.path.split('/');
    if (pattern.length !== parts.length) continue;
    const params = {};
    const fits = pattern.every((word, place) => {
      if (!word.startsWith(':')) return word === parts[place];
      params[word.slice(1)] = decodeURIComponent(parts[place]);
      return true;
    });
    if (fits) return { ...route, params };
  }
  return null;
}

/** A new screen is read from its heading on. */
function focus(place) {
  const heading = place.querySelector('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

export const go = path => (location.hash = path);
