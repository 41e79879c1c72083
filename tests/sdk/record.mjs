/**
 * Stands between an SDK and the server and writes down what they say, so that `cargo test` can replay it without the SDK: HTTP exchanges
 * as each is asked, and between them the frames of WebSockets, in the order in which they pass: texts as texts, and the JSON that
 * Tencent's SDK sends as bytes as what it says.
 *
 * With RECORD=1 in the environment `save` writes `tests/house/recorded/<name>.json`; without it nothing is kept.
 */

import { createDecipheriv, createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { inflateSync } from 'node:zlib';

const FOLDER = new URL('../house/recorded/', import.meta.url);

/** Polled in the background: how often, and between which two calls, is another each time. */
const POLLED = /\/(sync|sync_event|update_comment_status)(\?|$)/;

/** What an SDK says by the clock, and what it tells its vendor about its own doings. */
const BACKGROUND = /^(heartbeat\.alive|imopenstat\..*|im_open_status\.wshello)$/;

/**
 * What is drawn at random, by its length: derived secrets and picture names, tickets, unique ids of rooms, but not the secret of the app in
 * these tests, nor what a client draws for its own instance. In a form a slash before it is `%2F`.
 */
const RANDOM = /(?<=^|%2F|[^0-9A-Za-z])(?<!instanceid=)(?:[0-9A-Za-z]{22}|[0-9A-Za-z]{27}|(?!0123456789abcdef)[0-9a-f]{32})(?![0-9A-Za-z])/g;

/** The second part of a token of MirrorFly: a time. */
const CLAIMS = /(?<=\.)eyJleHA[0-9A-Za-z_-]+(?=\.)/g;

/** What a client draws: an id of its device, of a connection, of a stanza. Numbered, so that a replay says it as it stands. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A password in a stanza, in base64 of what has names. */
const PLAIN = /(<auth [^>]*mechanism="PLAIN"[^>]*>)([^<]+)/;

/** A UserSig: compressed by zlib, in an alphabet of its own. It says a time, so a replay makes its own. */
const USER_SIG = /eJ[0-9A-Za-z*_-]{60,}/g;

/** Numbers that stay as they are. */
const KEPT = /^(sdkappid|body_base64)$/;

/** What is encrypted: it differs with the secrets in it. A replay decrypts none. */
const ENCRYPTED = /^[0-9A-Za-z+\/]{100,}={0,2}$/;

/** Numbers of a message that a client draws, and times at which a server took it: an SDK repeats both in later calls. */
const [MESSAGE_NUMBER, MESSAGE_TIME] = [/^(MsgSeq|MsgRandom|MsgRand)$/, /^(MsgTime|MsgTimeStamp|LastedMsgTime|LastMsgTime|LastReadTime)$/];

/** Of a message: `MsgKey` and `MsgId`. */
const [MESSAGE_KEY, MESSAGE_ID] = [/(?<=^|")(\d+)_(\d+)_(\d{10})(?=$|")/g, /^(\d+)-(\d{10})-(\d+)$/];

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?$/;

/** The body of a message in a stanza, encrypted with the message's id, which is another in a replay: written as what it says. */
const BODY = /(<message [^>]*id="([^"]*)".*<body message_type="text"[^>]*>)([0-9A-Za-z+\/=]+)(<\/body>)/;

/** Bodies of other stanzas, and times in stanzas. */
const [CIPHER, MICROS, WHEN] = [/(?<=>)[0-9A-Za-z+\/]{100,}={0,2}(?=<)/g, /(?<!\d)\d{16}(?!\d)/g, /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/g];

/** Headers of a request on which an answer can depend. */
const HEADERS = /^(content-type|qiscus[-_]sdk[-_].*|authorization)$/;

/** Headers that belong to one connection, or that `fetch` has used up. */
const NOT_FORWARDED = /^(host|connection|keep-alive|transfer-encoding|content-length|content-encoding|upgrade)$/;

/** A recorder in front of `target`, on a port of its own unless one is given. */
export async function recorder(target, port = 0) {
  const steps = [];
  let paused = false;
  const server = createServer(async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    // The effect of a call may arrive before its response, so the call has the position of the request.
    const place = !paused && request.method !== 'OPTIONS' && !POLLED.test(request.url) ? steps.push({}) - 1 : undefined;
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !NOT_FORWARDED.test(name)));
    const forwarded = await fetch(target + request.url, {
      method: request.method,
      headers,
      body: body.length > 0 ? body : undefined,
    });
    const said = Buffer.from(await forwarded.arrayBuffer());
    if (place !== undefined) steps[place] = exchange(request, body, forwarded.status, said);
    const back = [...forwarded.headers].filter(([name]) => !NOT_FORWARDED.test(name));
    answer.writeHead(forwarded.status, Object.fromEntries(back));
    Readable.from([said]).pipe(answer);
  });
  server.on('upgrade', (request, client, head) => passThrough(target, request, client, head, step => paused || steps.push(step)));
  await new Promise(listening => server.listen(port, '127.0.0.1', listening));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    pause: () => (paused = true),
    resume: () => (paused = false),
    async save(name) {
      if (!process.env.RECORD) return;
      const steady = new Names(target).steady(steps);
      await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify(steady, null, 1)}\n`);
      console.log(`      ${steps.length} steps in tests/house/recorded/${name}.json`);
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

/** Connects a WebSocket through. No extension is let pass: its frames would be compressed. */
function passThrough(target, request, client, head, note) {
  const { hostname, port } = new URL(target);
  const server = connect(port, hostname);
  const headers = Object.entries(request.headers).filter(([name]) => name !== 'sec-websocket-extensions');
  server.write(`GET ${request.url} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  note({ opens: request.url, protocol: request.headers['sec-websocket-protocol'] });
  const noteUnlessBackground = (word, frame) => BACKGROUND.test(frame.head?.servcmd) || note({ [word]: frame });
  const said = new Frames(said => noteUnlessBackground('said', said));
  const heard = new Frames(heard => noteUnlessBackground('heard', heard), '\r\n\r\n');
  const passOn = (frames, chunk, to) => {
    frames.push(chunk);
    to.write(chunk);
  };
  passOn(said, head, server);
  client.on('data', chunk => passOn(said, chunk, server));
  server.on('data', chunk => passOn(heard, chunk, client));
  for (const [one, other] of [[client, server], [server, client]]) one.on('error', () => {}).on('close', () => other.destroy());
}

/** Reads one direction of a WebSocket, behind the HTTP head that `after` ends, and hands on the texts, and what is JSON as such. */
class Frames {
  #told;
  #after;
  #rest = Buffer.alloc(0);

  constructor(told, after = '') {
    this.#told = told;
    this.#after = after;
  }

  push(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const head = this.#rest.indexOf(this.#after);
    if (head < 0) return;
    this.#rest = this.#rest.subarray(head + this.#after.length);
    this.#after = '';
    while (this.#frame());
  }

  /** Whether a whole frame was there. */
  #frame() {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    const [kind, short] = [bytes[0], bytes[1] & 0x7f];
    const start = 2 + ({ 126: 2, 127: 8 }[short] ?? 0);
    const keyed = start + (bytes[1] & 0x80 ? 4 : 0);
    if (bytes.length < keyed) return false;
    const length = short < 126 ? short : Number(bytes.readUIntBE(start - (short === 126 ? 2 : 6), short === 126 ? 2 : 6));
    if (bytes.length < keyed + length) return false;
    const key = bytes.subarray(start, keyed);
    const payload = bytes.subarray(keyed, keyed + length).map((byte, at) => (key.length > 0 ? byte ^ key[at % 4] : byte));
    this.#rest = bytes.subarray(keyed + length);
    // A whole text, and no control frame: these are the connection's own. Texts in parts are sent by no SDK.
    if (kind === 0x81) this.#told(Buffer.from(payload).toString());
    if (kind === 0x82) this.#told(JSON.parse(Buffer.from(payload).toString()));
    return true;
  }
}

/** Replaces what is another in each run by names: the same thing has the same one everywhere. */
class Names {
  #base;
  #host;
  #drawn = new Map();
  #uuids = new Map();
  #calls = new Map();
  #numbers = new Map();
  #times = new Map();
  /** Times that the client has said: a replay says them as they stand. */
  #clientTimes = new Set();
  #isSaid = false;

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
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#member(key, inner)]));
  }

  #member(key, value) {
    if (KEPT.test(key)) return value;
    if (key === 'said') return this.#said(value);
    if (key === 'MsgClientTime' && this.#isSaid) this.#clientTimes.add(value);
    if (key === 'MsgClientTime') return this.#clientTimes.has(value) ? value : this.#time(value);
    if (MESSAGE_NUMBER.test(key)) return this.#number(value);
    if (MESSAGE_TIME.test(key) && value > 0) return this.#time(value);
    // A call's number says which answer is its own.
    return key === 'seq' ? this.#name(this.#calls, value, number => number) : this.steady(value);
  }

  #text(text) {
    if (TIME.test(text)) return '<time>';
    if (ENCRYPTED.test(text)) return '<encrypted>';
    if (/^\d{7,}$/.test(text)) return '0';
    const keyed = text
      .replace(MESSAGE_KEY, (_, seq, random, at) => `${this.#number(Number(seq))}_${this.#number(Number(random))}_${this.#time(Number(at))}`)
      .replace(MESSAGE_ID, (_, sender, at, random) => `${sender}-${this.#clientTimes.has(Number(at)) ? at : this.#time(Number(at))}-${this.#number(Number(random))}`);
    const based = stanza(keyed).replaceAll(this.#base, '<base>').replaceAll(encodeURIComponent(this.#base), '<base%>');
    return based
      .replaceAll(this.#host, '<host>')
      .replace(USER_SIG, packed => `<usersig:${signed(packed)}>`)
      .replace(PLAIN, (_, tag, base64) => `${tag}<base64>${Buffer.from(base64, 'base64')}</base64>`)
      .replace(CLAIMS, '<claims>')
      .replace(RANDOM, random => this.#name(this.#drawn, random, number => `<r${number}>`))
      .replace(UUID, uuid => this.#name(this.#uuids, uuid, number => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`));
  }

  #said(frame) {
    this.#isSaid = true;
    const steady = this.steady(frame);
    this.#isSaid = false;
    return steady;
  }

  /** What a client draws is large; the tests' own numbers stay. */
  #number(value) {
    return value > 1_000_000 ? this.#name(this.#numbers, value, number => 1_000 + number) : value;
  }

  #time(value) {
    return this.#name(this.#times, value, number => `<t${number}>`);
  }

  #name(known, value, name) {
    if (!known.has(value)) known.set(value, name(known.size + 1));
    return known.get(value);
  }
}

/** A stanza of MirrorFly, without what differs with the secrets and the time. */
function stanza(text) {
  if (!text.startsWith('<')) return text;
  const opened = text.replace(BODY, (_, before, id, cipher, after) => `${before}<sealed>${unsealed(id, cipher)}</sealed>${after}`);
  return opened.replace(CIPHER, '<encrypted/>').replace(MICROS, '0').replace(WHEN, '<when/>');
}

/** The SDK's codec: AES-256-CBC, its key the first half of a digest in hexadecimal digits. */
function unsealed(id, cipher) {
  const key = createHash('sha256').update(id).digest('hex').slice(0, 32);
  const codec = createDecipheriv('aes-256-cbc', key, 'ddc0f15cc2c90fca');
  return decodeURIComponent(codec.update(cipher, 'base64', 'utf8') + codec.final('utf8'));
}

/** Whom a signature names. */
function signed(packed) {
  const base64 = packed.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  return JSON.parse(inflateSync(Buffer.from(base64, 'base64')))['TLS.identifier'];
}
