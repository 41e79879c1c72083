/**
 * A headless Chromium (Debian's) with pages that notice what must never happen: a call to another host, an error of a script, a
 * breach of the content policy.
 */

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** How long a screen may take to be drawn, in milliseconds. */
const WAIT_MS = 10_000;

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 360, height: 740 };

export async function openBrowser() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    // Checks run in containers, as root, where the sandbox cannot.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
}

/**
 * A page of its own, with cookies of its own. `strays` collects requests to other hosts, `faults` errors of scripts and breaches of
 * the policy, `loaded` every answer with its bytes. A refused call is an error in the browser's eyes, not in ours.
 */
export async function openPage(browser, base, { theme = 'light', viewport = WIDE, ...rest } = {}) {
  const context = await browser.newContext({ baseURL: base, colorScheme: theme, viewport, reducedMotion: 'reduce', ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const seen = { strays: [], faults: [], loaded: [] };
  const home = new URL(base).host;
  page.on('request', request => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.host !== home) seen.strays.push(request.url());
  });
  page.on('response', response => seen.loaded.push(response));
  page.on('pageerror', error => seen.faults.push(error.message));
  page.on('console', message => {
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isRefusal) seen.faults.push(message.text());
  });
  return Object.assign(page, { seen });
}

/** Opens a screen, and waits until it is settled. */
export async function visit(page, screen) {
  await page.goto(`/${screen}`);
  await settled(page);
}

/** Waits until the screen of the address, and no former one, stands with its heading and nothing is grey any more. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const place = document.querySelector('main');
    const isThere = place.dataset.address === location.hash && place.ariaBusy === null;
    return isThere && place.querySelector('h1') && !document.querySelector('.skeleton');
  });
}

/** What axe finds wrong with the page as it stands: a line for each. */
export async function axe(page) {
  // Into the page's own context by the debugger, which no content policy restricts.
  await page.evaluate(`${await readFile(AXE, 'utf8')}; undefined`);
  const { violations } = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target.join(' ')} ${any[0]?.message ?? ''}`));
}

/** Pixels by which the page is wider than the window. */
export const overflow = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
