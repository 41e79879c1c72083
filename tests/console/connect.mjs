/** Connect: the pasted snippets work with this server, and the first call is shown as it arrives. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { check, holds } from '../sdk/check.mjs';
import { openPage, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

const sh = promisify(execFile);

const VENDORS = [['Qiscus', '/api/v2.1/rest/login_or_register'], ['MirrorFly', '/api/v1/users/createUser'], ['Tencent', '/v4/im_open_login_svc/account_import']];

/** The code blocks about MirrorFly's SDK in the quickstarts. */
async function ofQuickstart() {
  const quickstarts = await readFile(new URL('../../docs/quickstarts.md', import.meta.url), 'utf8');
  const text = quickstarts.split('## MirrorFly SDK\n')[1].split('\n## ')[0];
  return [...text.matchAll(/```js\n([^]*?)\n```/g)].map(([, code]) => code);
}

/** Code without line breaks, with the values that the documents name or leave to the reader. */
const flat = code => code.replace(/licenseKey(: '\w+')?, callbackListeners/, "licenseKey: 'KEY', callbackListeners: {}").replace(/\s+/g, ' ').replaceAll(', }', ' }');

/** MirrorFly's code is that of the quickstarts, whatever the address of the page. */
async function mirrorflyAsDocumented(page) {
  const code = address => page.evaluate(async address => {
    const { mirrorflyCode } = await import(new URL('console/vendors.js', document.baseURI));
    return mirrorflyCode(new URL(address), 'KEY').js;
  }, address);
  const [local, domain] = await ofQuickstart();
  const laptop = local.match(/const options[^]*SDK\.connect\(.*\)/)[0];
  for (const address of ['http://standin.localhost/', 'http://standin.localhost:8080/', 'http://127.0.0.1:8080/', 'http://127.0.0.1/', 'http://localhost/', 'https://chat.example.com:8443/']) {
    check(`MirrorFly at ${address}: as documented`, flat(await code(address)), flat(laptop));
  }
  const elsewhere = flat(await code('http://chat.example.com/'));
  check('MirrorFly at another name on port 80: the same with that name', elsewhere, flat(laptop).replaceAll('standin.localhost', 'chat.example.com'));
  check('MirrorFly behind a domain: as documented', flat(await code('https://chat.example.com/')), `${flat(domain)} await SDK.register('user1')`);
}

export const run = (binary, browser) => inside(demo(binary), async standin => {
  const page = await openPage(browser, standin.base, { permissions: ['clipboard-read', 'clipboard-write'] });
  await visit(page, '');
  check('the first screen is Connect', await page.title(), 'Connect · Standin');
  if (!standin.isBorrowed) check('nothing has called yet', await page.textContent('.strip h2'), 'Waiting for the first call');

  if (!standin.isBorrowed) {
    await page.getByRole('button', { name: 'Run it here' }).click();
    await page.locator('.calls li').first().getByText('this console').waitFor();
    check('a call of the console is no call of an app', await page.textContent('.strip h2'), 'Waiting for the first call');
    await page.reload();
    await page.locator('.calls li').first().waitFor();
    check('after a reload neither', await page.textContent('.strip h2'), 'Waiting for the first call');
  }
  for (const name of ['Show side by side', 'Run it here', 'Show secrets']) {
    const border = await page.getByRole('button', { name }).evaluate(button => getComputedStyle(button).borderTopColor);
    holds(`${name}: looks like a button`, !/, 0\)$|transparent/.test(border), border);
  }

  for (const [vendor, path] of VENDORS) {
    await page.getByRole('tab', { name: vendor }).click();
    const shown = await page.getByRole('region', { name: `${vendor} call` }).textContent();
    holds(`${vendor}: secrets are hidden at first`, shown.includes('••••'), shown);
    await page.getByRole('button', { name: `Copy ${vendor} call` }).click();
    const pasted = await page.evaluate(() => navigator.clipboard.readText());
    holds(`${vendor}: what is copied has this address and no mask`, pasted.includes(standin.base) && !pasted.includes('•'), pasted);
    const { stdout } = await sh('sh', ['-c', pasted.replaceAll('curl ', 'curl -s --noproxy "*" ')]);
    holds(`${vendor}: pasted into a shell, it is done`, /"status": ?200|"ActionStatus": ?"OK"/.test(stdout), stdout);
    await page.locator('.calls li').first().getByText(path).waitFor();
    check(`${vendor}: the call is seen`, await page.textContent('.strip h2'), 'Your app is calling');
    holds(`${vendor}: and said aloud`, (await page.textContent('#live')).includes(path), await page.textContent('#live'));
  }

  await mirrorflyAsDocumented(page);
  await page.getByRole('tab', { name: 'MirrorFly' }).click();
  const text = await page.locator('[role=tabpanel]').textContent();
  const [condition, code] = ['only a host name with a dot', 'SDK.initializeSDK'].map(part => text.indexOf(part));
  holds('MirrorFly: the condition stands above the code that needs it', condition >= 0 && condition < code, text);
  await page.getByRole('tab', { name: 'Tencent' }).click();
  await page.getByRole('region', { name: 'Tencent call' }).waitFor();
  const tip = await page.locator('[role=tabpanel]').textContent();
  if (!standin.isBorrowed) holds('Tencent: the command names the data folder', /standin app usersig --user alan --data \/\S+ makes/.test(tip), tip);

  await page.getByRole('tab', { name: 'Tencent' }).focus();
  await page.keyboard.press('ArrowRight');
  check('arrow keys walk the tabs, around the end', await page.locator('[role=tab][aria-selected=true]').textContent(), 'Qiscus');
  await page.getByRole('button', { name: 'Show secrets' }).click();
  holds('secrets show when asked for', !(await page.getByRole('region', { name: 'Qiscus call' }).textContent()).includes('•'));
  const before = await page.locator('.calls time').first().getAttribute('datetime');
  await page.getByRole('button', { name: 'Run it here' }).click();
  await page.waitForFunction(before => document.querySelector('.calls time').dateTime !== before, before);
  check('the page runs it without a shell', await page.locator('.calls .status').first().textContent(), '200');

  await page.getByRole('button', { name: 'Show side by side' }).click();
  for (const [vendor, path] of VENDORS) {
    const place = page.locator(`section[aria-label="${vendor}"], section[aria-label^="${vendor} "]`);
    await place.getByRole('region', { name: `${vendor} code` }).waitFor();
    await place.getByRole('button', { name: 'Run it here' }).click();
    await page.locator('.calls li').first().getByText(path).waitFor();
    holds(`${vendor}: works against this standin, the others beside it`, true);
  }
  await page.reload();
  await page.locator('.vendor').first().waitFor();
  check('how they stand is kept', await page.locator('.vendor').count(), VENDORS.length);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});
