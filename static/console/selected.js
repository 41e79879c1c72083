// Knows which apps there are and which one is selected. Every screen about users shows the selected app.

import { at, get } from './api.js';

const KEPT = 'standin.app';

let apps = [];
let chosen = null;

/** Reads the apps again. The selected app stays selected if it still exists. */
export async function load() {
  ({ apps } = await get('/apps'));
  const kept = sessionStorage.getItem(KEPT);
  chosen = apps.find(app => app.app_id === kept) ?? apps[0] ?? null;
  return apps;
}

export const all = () => apps;

/** The selected app, or null if there is none. */
export const app = () => chosen;

export function select(appId) {
  chosen = apps.find(app => app.app_id === appId) ?? chosen;
  sessionStorage.setItem(KEPT, chosen.app_id);
}

/** Forgets the apps after a sign-out. */
export function forget() {
  apps = [];
  chosen = null;
}

/** A path below the selected app: `inApp('users', id)`. */
export const inApp = (...parts) => at('apps', chosen.app_id, ...parts);

/** The secrets of the selected app. They are requested each time and not kept. */
export const secrets = () => get(inApp('secrets'));
