/** Connect: what is pasted works against this very house, and the first call is seen as it arrives. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { check, holds } from '../sdk/check.mjs';
import { openPage, visit } from './browser.mjs';
import { demo, inside } from './house.mjs';

const sh = promisify(execFile);

const VENDORS = [['Qiscus', '/api/v2.1/rest/login_or_register'], ['MirrorFly', '/api/v1/users/createUser'], ['Tencent', '/v4/im_open_login_svc/account_import']];

export const run = (binary, browser) => inside(demo(binary), async house => {
  const page = await openPage(browser, house.base, { permissions: ['clipboard-read', 'clipboard-write'] });
  await visit(page, '');
  check('the front door is Connect', await page.title(), 'Connect · Standin');
  if (!house.isBorrowed) check('nothing has called yet', await page.textContent('.strip h2'), 'Waiting for the first call');

  for (const [vendor, path] of VENDORS) {
    await page.getByRole('tab', { name: vendor }).click();
    const shown = await page.getByRole('region', { name: `${vendor} call` }).textContent();
    holds(`${vendor}: secrets are covered at first`, shown.includes('••••'), shown);
    await page.getByRole('button', { name: `Copy ${vendor} call` }).click();
    const pasted = await page.evaluate(() => navigator.clipboard.readText());
    holds(`${vendor}: what is copied has this address and no cover`, pasted.includes(house.base) && !pasted.includes('•'), pasted);
    const { stdout } = await sh('sh', ['-c', pasted.replaceAll('curl ', 'curl -s --noproxy "*" ')]);
    holds(`${vendor}: pasted into a shell, it is done`, /"status": ?200|"ActionStatus": ?"OK"/.test(stdout), stdout);
    await page.locator('.calls li').first().getByText(path).waitFor();
    check(`${vendor}: the call is seen`, await page.textContent('.strip h2'), 'Your app is talking');
    holds(`${vendor}: and said aloud`, (await page.textContent('#live')).includes(path), await page.textContent('#live'));
  }

  await page.getByRole('tab', { name: 'Tencent' }).focus();
  await page.keyboard.press('ArrowRight');
  check('arrow keys walk the tabs, around the end', await page.locator('[role=tab][aria-selected=true]').textContent(), 'Qiscus');
  await page.getByRole('button', { name: 'Show secrets' }).click();
  holds('secrets show when asked for', !(await page.getByRole('region', { name: 'Qiscus call' }).textContent()).includes('•'));
  const before = await page.locator('.calls time').first().getAttribute('datetime');
  await page.getByRole('button', { name: 'Run it here' }).click();
  await page.waitForFunction(before => document.querySelector('.calls time').dateTime !== before, before);
  check('who has no shell runs it from the page', await page.locator('.calls .status').first().textContent(), '200');

  await page.getByRole('button', { name: 'Side by side' }).click();
  for (const [vendor, path] of VENDORS) {
    const place = page.locator(`section[aria-label="${vendor}"], section[aria-label^="${vendor} "]`);
    await place.getByRole('region', { name: `${vendor} code` }).waitFor();
    await place.getByRole('button', { name: 'Run it here' }).click();
    await page.locator('.calls li').first().getByText(path).waitFor();
    holds(`${vendor}: works against this house, the others beside it`, true);
  }
  await page.reload();
  await page.locator('.vendor').first().waitFor();
  check('how they stand is kept', await page.locator('.vendor').count(), VENDORS.length);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});
