// Knows how the server is called: its address, the session, what an error says, how a stream is followed.

/** The base of every address, ending in a slash. Behind a proxy the console may be below a path. */
export const base = new URL('../', import.meta.url).href;

/** An error of the API: a title, what happened, and what to do if that is known. */
class Problem extends Error {
  constructor(status, body = {}, retryAfter = null) {
    super(body.detail ?? body.title ?? `The server answered ${status}`);
    this.status = status;
    this.title = body.title;
    this.detail = body.detail ?? this.message;
    this.body = body;
    this.advice = ADVICE[status];
    if (retryAfter) this.advice = `Try again in ${Math.ceil(retryAfter / 60)} min.`;
  }
}

const ADVICE = {
  0: 'Is the server still running? Nothing you typed is lost; try again when it is back.',
  412: 'Another administrator or app changed it meanwhile. Load the page again, then make your change.',
  503: 'The server is busy. Try again in a moment.',
  507: 'The disk of the server is full. Free some space, then try again.',
};

/** The administrator's session: `{ admin, csrf, ends_at }`, or null. */
export let session = null;

/** Whether the server is a demo, whose users are samples and whose every visitor is an administrator. */
export let isDemo = false;

const listeners = new Set();

/** Calls `listener` after each sign-in and sign-out. */
export const onSession = listener => listeners.add(listener);

function become(next) {
  session = next;
  listeners.forEach(listener => listener(session));
  return session;
}

async function send(method, path, { body, type, headers = {}, signal } = {}) {
  const given = { accept: 'application/json', ...headers };
  if (body !== undefined) given['content-type'] = type ?? 'application/json';
  if (session?.csrf && method !== 'GET') given['x-standin-csrf'] = session.csrf;
  const init = { method, headers: given, signal, credentials: 'same-origin', body: type ? body : body && JSON.stringify(body) };
  try {
    return await fetch(`${base}standin/v1${path}`, init);
  } catch (reason) {
    if (reason.name === 'AbortError') throw reason;
    throw new Problem(0, { title: 'No answer', detail: 'The server could not be reached.' });
  }
}

/** Calls our own API and returns the JSON of its response. Ends the session here when the server says that it has ended. */
export async function call(method, path, options) {
  const answer = await send(method, path, options);
  const text = await answer.text();
  const json = text && /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  if (answer.ok) return options?.withTag ? { json, tag: answer.headers.get('etag') } : json;
  if (answer.status === 401 && session) become(null);
  throw new Problem(answer.status, json, Number(answer.headers.get('retry-after')) || null);
}

export const get = (path, options) => call('GET', path, options);
export const post = (path, body, options) => call('POST', path, { body, ...options });
export const put = (path, body, options) => call('PUT', path, { body, ...options });
export const patch = (path, body, options) => call('PATCH', path, { body, ...options });
export const del = (path, options) => call('DELETE', path, options);

/** Takes up the session, or begins one if the server is a demo. Returns `{ setup }`: whether there is an administrator who can sign in. */
export async function open() {
  const status = await get('/session/status');
  isDemo = status.demo;
  if (status.session) become(status.session);
  else if (isDemo) become(await post('/session/demo'));
  return { setup: status.setup };
}

export const signIn = async (name, password) => become(await post('/session', { name, password }));
export const setUp = async (code, name, password) => become(await post('/session/setup', { code, name, password }));

export async function signOut() {
  await del('/session').catch(() => {}); // the page forgets the session even if the server does not answer
  become(null);
}

/** The wait before a refused stream is requested again. */
const AGAIN_MS = 3000;

/**
 * Follows a stream of the server until `signal` aborts. The browser resumes a broken stream by itself. A refused stream is requested again
 * unless the session has ended, which the listeners of `onSession` notice. Calls `onstate` with 'open' and 'lost'.
 */
export function follow(path, signal, onitem, onstate = () => {}) {
  const source = new EventSource(`${base}standin/v1${path}`);
  const again = async () => {
    if (signal.aborted) return;
    try {
      await get('/session');
      follow(path, signal, onitem, onstate);
    } catch (reason) {
      if (reason.status !== 401) setTimeout(again, AGAIN_MS);
    }
  };
  source.addEventListener('message', event => onitem(JSON.parse(event.data)));
  source.addEventListener('open', () => onstate('open'));
  source.addEventListener('error', () => {
    onstate('lost');
    if (source.readyState === EventSource.CLOSED) setTimeout(again, AGAIN_MS);
  });
  signal.addEventListener('abort', () => source.close());
}

/** Returns a path of encoded parts, because an id may hold characters that a path must not. */
export const at = (...parts) => parts.map(part => `/${encodeURIComponent(part)}`).join('');
