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
const LOOPBACK_ONLY = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost';

/** Opens the browser. `names` are resolver rules of its own, which come before: `MAP *.example.com 127.0.0.1:8443`. */
export function openBrowser(args = [], names = []) {
  return chromium.launch({
    executablePath: EXECUTABLE,
    // Checks run in containers, as root, where the sandbox cannot.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', `--host-resolver-rules=${[...names, LOOPBACK_ONLY].join(', ')}`, ...args],
  });
}

/**
 * Serves an app's page on a port of its own: another origin than the server's, as in life. `scripts` are files of packages, such as
 * `qiscus-sdk-core/dist/qiscus-sdk-core.min.js`; `modules` are those that the page imports, by their names; `inline` is more of the page. Answers the address and a function that ends it.
 */
export async function serveApp(scripts, host = '127.0.0.1', { modules = {}, inline = '' } = {}) {
  const files = new Map(scripts.map((script, at) => [`/${at}.js`, find(script)]));
  const imports = {};
  for (const [name, script] of Object.entries(modules)) {
    files.set(`/module/${name}.js`, find(script));
    imports[name] = `/module/${name}.js`;
  }
  const tags = `<script type="importmap">${JSON.stringify({ imports })}</script>`
    + `${[...files.keys()].filter(path => !path.startsWith('/module/')).map(path => `<script src="${path}"></script>`).join('')}${inline}`;
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
