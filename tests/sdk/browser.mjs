/**
 * A headless Chromium (Debian's, not one that a package downloads) and the pages the SDKs run in.
 */

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const find = createRequire(import.meta.url).resolve;

/** Nothing but this machine has an address: an SDK that turns to its vendor all the same must not reach it. */
const LOOPBACK_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost';

/** Opens the browser. */
export function openBrowser(args = []) {
  return chromium.launch({
    executablePath: EXECUTABLE,
    // Checks run in containers, as root, where the sandbox cannot.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', LOOPBACK_ONLY, ...args],
  });
}

/**
 * Serves an app's page on a port of its own: another origin than the server's, as in life. `scripts` are files of packages, such as
 * `qiscus-sdk-core/dist/qiscus-sdk-core.min.js`. Answers the address and a function that ends it.
 */
export async function serveApp(scripts, host = '127.0.0.1') {
  const files = new Map(scripts.map((script, at) => [`/${at}.js`, find(script)]));
  const tags = [...files.keys()].map(path => `<script src="${path}"></script>`).join('');
  const server = createServer(async (request, answer) => {
    const file = files.get(request.url);
    if (file) {
      answer.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(file));
    } else if (request.url === '/') {
      answer.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><meta charset="utf-8"><title>app</title>${tags}`);
    } else {
      answer.writeHead(404).end();
    }
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return { url: `http://${host}:${server.address().port}/`, close: () => server.close() };
}
