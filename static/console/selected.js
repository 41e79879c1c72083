// Knows which apps there are and which one is being looked at; everything about users happens inside one.

import { at, get } from './api.js';

const KEPT = 'standin.app';

let apps = [];
let chosen = null;

/** Reads the apps anew; the chosen one stays if it still exists. */
export async function load() {
  ({ apps } = await get('/apps'));
  const kept = sessionStorage.getItem(KEPT);
  chosen = apps.find(app => app.app_id === kept) ?? apps[0] ?? null;
  return apps;
}

export const all = () => apps;

/** The app that is looked at, or null in a house without one. */
export const app = () => chosen;

export function choose(appId) {
  chosen = apps.find(app => app.app_id === appId) ?? chosen;
  sessionStorage.setItem(KEPT, chosen.app_id);
}

/** Forgets everything: nobody is signed in any more. */
export function forget() {
  apps = [];
  chosen = null;
}

/** The path of the chosen app: `inApp('users', id)`. */
export const inApp = (...parts) => at('apps', chosen.app_id, ...parts);

/** The chosen app's secrets: asked for each time, kept nowhere. */
export const secrets = () => get(inApp('secrets'));
