/** Requests: a call as it was said and answered, with secrets masked, what to change, and the same call for a shell. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

export const run = (binary, browser) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base, { permissions: ['clipboard-read', 'clipboard-write'] });
  await visit(page, '#/requests');
  if (!server.isBorrowed) await page.getByText('No call yet').waitFor();
  const call = (path, headers) => fetch(`${server.base}${path}`, { headers });
  await call('/api/v2.1/rest/user_profile?user_id=user1', { 'QISCUS-SDK-APP-ID': 'nobodys', 'QISCUS-SDK-SECRET': 'a-secret-that-is-wrong' });
  const row = page.locator('.calls button').first();
  await row.getByText('/api/v2.1/rest/user_profile').waitFor();
  await row.click();
  await page.getByText('What to change').waitFor();
  const shown = await page.locator('main').textContent();
  holds('a secret is never shown, not even a wrong one', !shown.includes('a-secret-that-is-wrong'));
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  const pasted = await page.evaluate(() => navigator.clipboard.readText());
  holds('a command with masked secrets says so', await page.getByText('does not run as it is').isVisible());
  holds('the same call for a shell', pasted.startsWith(`curl -X GET '${server.base}/api/v2.1/rest/user_profile?user_id=user1'`), pasted);
  await page.getByLabel('Vendor', { exact: true }).selectOption('tencent');
  await page.getByText(/No call yet|No such call|Tencent ·/).first().waitFor();
  await page.getByLabel('Vendor', { exact: true }).selectOption('qiscus');
  await page.getByLabel('Response', { exact: true }).selectOption('good');
  await page.getByLabel('Response', { exact: true }).selectOption('refused');
  await page.locator('.calls button').first().waitFor();
  if (!server.isBorrowed) {
    await page.getByLabel('Response', { exact: true }).selectOption('');
    await page.getByLabel('Vendor', { exact: true }).selectOption('');
    await call('/api/v1/users/user1', {});
    await row.getByText('/api/v1/users/user1').waitFor();
    await row.click();
    await page.getByRole('heading', { name: /MirrorFly call/ }).waitFor();
    check('one without secrets runs as it is', await page.getByText('does not run as it is').count(), 0);
    await call('/v4/profile/portrait_get?sdkappid=1&identifier=a&usersig=abcdefghijklmnop&random=1', {});
    await row.getByText('/v4/profile/portrait_get').waitFor();
    await row.click();
    await page.getByText('does not run as it is').waitFor();
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    holds('a masked UserSig is named', command.includes('usersig=***'), command);
    await call('/api/v1/users/user1', {});
    await server.halt();
    await server.start();
    await page.waitForResponse(answer => answer.url().includes('/requests?after='), { timeout: 30_000 });
    await call('/api/v2.1/rest/get_user_list', { 'X-After': 'restart' });
    await page.locator('.calls').getByText('/api/v2.1/rest/get_user_list').waitFor();
    holds('after a restart, whose numbers begin again, calls are shown as before', true);
  }
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});
