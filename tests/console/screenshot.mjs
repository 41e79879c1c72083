/** Makes the picture of the console that README.md shows: the users of a demo, light theme. */

import { openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

const VIEWPORT = { width: 1200, height: 720 };

export const screenshot = (binary, browser, file) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base, { theme: 'light', viewport: VIEWPORT });
  await visit(page, '#/users');
  await page.locator('main img').first().waitFor();
  await page.waitForLoadState('networkidle');
  await settled(page);
  await page.screenshot({ path: file });
  await page.context().close();
});
