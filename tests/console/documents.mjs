/** The page of the documents: each vendor's calls are drawn, tried, and nothing comes from elsewhere. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

/** A document, and a call of it. */
const DOCUMENTS = [
  ['Standin', '/standin/v1/apps'],
  ['Qiscus Chat', '/api/v2.1/rest/user_profile'],
  ['MirrorFly', '/api/v1/users/createUser'],
  ['Tencent Cloud Chat', '/v4/profile/portrait_get'],
];

export const run = (binary, browser) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base);
  await visit(page, '');
  await page.getByRole('link', { name: 'API documents' }).click();
  await page.waitForURL(`${server.base}/docs/**`);
  const choice = page.getByRole('combobox', { name: 'Select a definition' });
  for (const [title, call] of DOCUMENTS) {
    await choice.selectOption({ label: title });
    await page.locator(`[data-path="${call}"]`).first().waitFor();
    holds(`${title}: its calls are drawn`, true);
  }
  await choice.selectOption({ label: 'Standin' });
  const health = page.locator('.opblock', { has: page.locator('[data-path="/standin/v1/health"]') });
  await health.locator('.opblock-summary-control').click();
  await health.getByRole('button', { name: 'Try it out' }).click();
  await health.getByRole('button', { name: 'Execute' }).click();
  await health.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
  holds('a signed-in user tries a call from the page', true);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed, no policy was broken', page.seen.faults, []);
  await page.context().close();
});
