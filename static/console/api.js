// Knows how the server is spoken to: where it is, who is signed in, what a refusal says, how a stream is followed.

/** The base of every address, with a slash at its end: behind a proxy the console may be below a path. */
export const base = new URL('../', import.meta.url).href;

/** A refusal of the API: a title, what happened, and what to do where that is known. */
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
  409: 'Choose another name.',
  412: 'Somebody changed it meanwhile. Load the page again, then make your change.',
  503: 'The server is busy. Try again in a moment.',
  507: 'The disk is full. Make room, then try again.',
};

/** Who is signed in: `{ admin, csrf, ends_at }`, or null. */
export let session = null;

const listeners = new Set();

/** Calls `listener` whenever somebody is signed in or no longer. */
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

/** A call of our own API; the JSON of its answer. Ends the session here when the server says that it has ended. */
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

/** What the house is for who is not signed in: `{ setup, demo }`. Signs in by itself where the house is a demo. */
export async function open() {
  try {
    become(await get('/session'));
    return {};
  } catch (reason) {
    if (reason.status !== 401) throw reason;
    if (reason.body.demo) {
      become(await post('/session/demo'));
      return {};
    }
    return reason.body;
  }
}

export const signIn = async (name, password) => become(await post('/session', { name, password }));
export const setUp = async (code, name, password) => become(await post('/session/setup', { code, name, password }));

export async function signOut() {
  await del('/session').catch(() => {}); // whoever leaves is gone here, whatever the server says
  become(null);
}

/** How long to wait before a stream that was refused is asked for again. */
const AGAIN_MS = 3000;

/**
 * Follows a stream of the server until `signal` aborts. Where it broke off, the browser resumes by itself; where it is refused, either the
 * session has ended, and whoever listens to that hears so, or the server was only busy. `onstate` hears 'open' and 'lost'.
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

/** A part of a path: an id may hold what a path must not. */
export const at = (...parts) => parts.map(part => `/${encodeURIComponent(part)}`).join('');
