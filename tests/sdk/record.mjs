/**
 * Stands between an SDK and the server and writes down what they say, so that `cargo test` can replay it without the SDK.
 *
 * With RECORD=1 in the environment `save` writes `tests/house/recorded/<name>.json`; without it nothing is kept.
 */

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';

const FOLDER = new URL('../house/recorded/', import.meta.url);

/** Polled in the background: how often, and between which two calls, is another each time. */
const POLLED = /\/(sync|sync_event|update_comment_status)(\?|$)/;

/** What is drawn at random, by its length: derived secrets and picture names, tickets. In a form a slash before it is `%2F`. */
const RANDOM = /(?<=^|%2F|[^0-9A-Za-z])(?:[0-9A-Za-z]{22}|[0-9A-Za-z]{27})(?![0-9A-Za-z])/g;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Headers of a request on which an answer can depend. */
const HEADERS = /^(content-type|qiscus[-_]sdk[-_].*|authorization)$/;

/** Headers that belong to one connection, or that `fetch` has used up. */
const NOT_FORWARDED = /^(host|connection|keep-alive|transfer-encoding|content-length|content-encoding|upgrade)$/;

export async function recorder(target) {
  const exchanges = [];
  let paused = false;
  const server = createServer(async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !NOT_FORWARDED.test(name)));
    const forwarded = await fetch(target + request.url, {
      method: request.method,
      headers,
      body: body.length > 0 ? body : undefined,
    });
    const said = Buffer.from(await forwarded.arrayBuffer());
    if (!paused && request.method !== 'OPTIONS' && !POLLED.test(request.url)) exchanges.push(exchange(request, body, forwarded.status, said));
    const back = [...forwarded.headers].filter(([name]) => !NOT_FORWARDED.test(name));
    answer.writeHead(forwarded.status, Object.fromEntries(back));
    Readable.from([said]).pipe(answer);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    pause: () => (paused = true),
    resume: () => (paused = false),
    async save(name) {
      if (!process.env.RECORD) return;
      const steady = new Names(target).steady(exchanges);
      await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify(steady, null, 1)}\n`);
      console.log(`      ${exchanges.length} exchanges in tests/house/recorded/${name}.json`);
    },
    close: () => server.close(),
  };
}

function exchange(request, body, status, said) {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => HEADERS.test(name)));
  const text = body.toString();
  const isText = Buffer.from(text).equals(body);
  return {
    method: request.method,
    path: request.url,
    headers,
    ...(body.length > 0 ? (isText ? { body: text } : { body_base64: body.toString('base64') }) : {}),
    status,
    answer: JSON.parse(said.toString()),
  };
}

/** Replaces what is another in each run by names: the same thing has the same one everywhere. */
class Names {
  #base;
  #host;
  #known = new Map();

  constructor(base) {
    this.#base = base;
    this.#host = new URL(base).host;
  }

  steady(value) {
    if (typeof value === 'string') return this.#text(value);
    // Times and drawn numbers; that it is a number is what a replay looks at.
    if (typeof value === 'number') return value > 1_000_000 ? 0 : value;
    if (Array.isArray(value)) return value.map(item => this.steady(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'body_base64' ? inner : this.steady(inner)]));
  }

  #text(text) {
    if (TIME.test(text)) return '<time>';
    if (/^\d{7,}$/.test(text)) return '0';
    const based = text.replaceAll(this.#base, '<base>').replaceAll(encodeURIComponent(this.#base), '<base%>');
    return based.replaceAll(this.#host, '<host>').replace(RANDOM, random => {
      if (!this.#known.has(random)) this.#known.set(random, `<r${this.#known.size + 1}>`);
      return this.#known.get(random);
    });
  }
}
