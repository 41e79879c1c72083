/** Every screen: nothing for axe to find in both themes, nothing wider than a small telephone, little to load, all by keyboard. */

import { check, holds } from '../sdk/check.mjs';
import { NARROW, WIDE, axe, openPage, overflow, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

const SCREENS = ['#/connect', '#/users', '#/users/user1', '#/demo', '#/requests', '#/fields', '#/apps', '#/health', '#/audit'];

/** The first screen with everything it needs, uncompressed. */
const FIRST_LOAD_BYTES_MAX = 120 * 1024;

export const run = (binary, browser) => inside(demo(binary), async server => {
  await firstLoad(browser, server.base);
  for (const theme of ['light', 'dark']) {
    for (const viewport of [WIDE, NARROW]) {
      const page = await openPage(browser, server.base, { theme, viewport });
      for (const screen of SCREENS) {
        await visit(page, screen);
        const place = `${screen} ${theme} at ${viewport.width} px`;
        check(`${place} passes axe`, await axe(page), []);
        check(`${place} is no wider than the window`, await overflow(page), 0);
      }
      check(`${theme} at ${viewport.width} px: no other host was asked`, page.seen.strays, []);
      check(`${theme} at ${viewport.width} px: no script failed, no policy was broken`, page.seen.faults, []);
      await page.context().close();
    }
  }
  await parts(browser, server.base);
  await keyboard(browser, server.base);
});

async function firstLoad(browser, base) {
  const page = await openPage(browser, base);
  await visit(page, '');
  const files = page.seen.loaded.filter(answer => !answer.url().includes('/standin/v1/'));
  const sizes = await Promise.all(files.map(async answer => (await answer.body()).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`      first load: ${files.length} files, ${bytes} bytes`);
  holds(`the first load is at most ${FIRST_LOAD_BYTES_MAX} bytes`, bytes <= FIRST_LOAD_BYTES_MAX, bytes);
  const policy = files[0].headers()['content-security-policy'];
  holds('the policy allows nothing inline and no frame', /default-src 'self'/.test(policy) && /frame-ancestors 'none'/.test(policy) && !/unsafe/.test(policy), policy);
  await page.context().close();
}

/** What opens on top of a screen, or behind its tabs. */
async function parts(browser, base) {
  for (const theme of ['light', 'dark']) {
    const page = await openPage(browser, base, { theme });
    const opened = async (what, screen, open) => {
      await visit(page, screen);
      await open();
      await settled(page);
      check(`${what}, ${theme}, passes axe`, await axe(page), []);
      await page.goto('about:blank');
    };
    await opened('the vendors side by side', '#/connect', () => page.getByRole('button', { name: 'Show side by side' }).click());
    await page.evaluate(() => localStorage.removeItem('standin.abreast')).catch(() => {});
    await opened('the columns', '#/users', () => page.getByRole('button', { name: 'Columns' }).click());
    await opened('a new user', '#/users', () => page.getByRole('button', { name: 'New user' }).click());
    for (const tab of ['At each vendor', 'Contacts', 'Conversations', 'Sessions']) {
      await opened(`the tab ${tab}`, '#/users/user1', () => page.getByRole('tab', { name: tab }).click());
    }
    await opened('a notice', '#/users/user1', async () => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('.toast').waitFor();
    });
    await opened('unsaved edits', '#/users/user1', async () => {
      await page.getByLabel('Status text').fill('Not saved yet');
      await page.getByRole('link', { name: 'Health' }).click();
      await page.getByRole('dialog').waitFor();
    });
    await opened('an unknown address', '#/nowhere', () => page.getByText('no such screen').waitFor());
    await opened('a deletion', '#/users/user1', () => page.getByRole('button', { name: 'Delete' }).click());
    await opened('the cutting of a picture', '#/users/user1', async () => {
      const picture = await page.screenshot();
      await page.setInputFiles('input[type=file]', { name: 'a.png', mimeType: 'image/png', buffer: picture });
      await page.getByRole('application').waitFor();
    });
    await opened('a new secret', '#/apps', () => page.getByRole('button', { name: 'New secret' }).click());
    await opened('no user found', '#/users', async () => {
      await page.getByLabel('Search users').fill('no such user');
      await page.getByText('No user found').waitFor();
    });
    await page.context().close();
  }
}

async function keyboard(browser, base) {
  const page = await openPage(browser, base);
  await visit(page, '#/users');
  await page.keyboard.press('Tab');
  check('the first stop is the way past the navigation', await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  check('which leads to the content', await page.evaluate(() => document.activeElement.id), 'main');
  await page.getByRole('link', { name: 'Fields' }).press('Enter');
  await page.getByRole('heading', { name: 'Fields' }).waitFor();
  await page.waitForFunction(() => document.activeElement.tagName === 'H1');
  check('a new screen is read from its heading', await page.evaluate(() => document.activeElement.textContent), 'Fields');
  const theme = page.getByRole('button', { name: /Theme/ });
  await theme.press('Enter');
  await theme.press('Enter');
  check('the switch goes to light, then to dark', await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.reload();
  check('and the choice stays', await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.setViewportSize(NARROW);
  await settled(page);
  await page.getByRole('button', { name: 'Menu' }).press('Enter');
  await page.getByRole('link', { name: 'Health' }).press('Enter');
  await page.getByRole('heading', { name: 'Health' }).waitFor();
  check('on a telephone the menu closes behind the choice', await page.getByRole('button', { name: 'Menu' }).getAttribute('aria-expanded'), 'false');
  await page.context().close();
}
