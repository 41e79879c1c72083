/** Administration: fields, apps, keys, health and the audit log. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

export const run = (binary, browser) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base);
  await visit(page, '#/fields');
  await page.getByLabel('Name').fill('Shoe_size');
  holds('the name in Tencent’s API is shown while it is typed', (await page.textContent('main')).includes('Tag_Profile_Custom_Shoe_size'));
  await page.getByLabel('Who reads it').selectOption('friends');
  await page.getByRole('button', { name: 'Declare' }).click();
  await page.getByRole('cell', { name: 'Shoe_size', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Change Shoe_size' }).click();
  check('what is there can be changed, but its name', await page.getByLabel('Name').getAttribute('readonly'), '');
  await page.getByLabel('Who writes it').selectOption('back-end');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: 'Only back ends' }).waitFor();

  await visit(page, '#/apps');
  await page.getByRole('button', { name: 'Show secrets' }).click();
  await page.getByRole('button', { name: 'Copy Secret' }).waitFor();
  await page.getByRole('button', { name: 'New app' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Shop');
  await page.getByRole('dialog').getByLabel('App ID').fill('shop');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'Shop' }).waitFor();
  await page.getByLabel('Closed').check();
  await page.getByLabel('Pages that may call').fill('no origin');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('form .problem').waitFor();
  await page.getByLabel('Pages that may call').fill('https://shop.example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').first().waitFor();
  await page.reload();
  await settled(page);
  check('settings are kept', [await page.getByLabel('Closed').isChecked(), await page.getByLabel('Pages that may call').inputValue()], [true, 'https://shop.example.com']);
  await page.getByRole('button', { name: 'New secret' }).click();
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  const secret = await page.locator('dialog pre').textContent();
  holds('a new secret is shown', secret.length >= 32, secret.length);
  await page.getByRole('button', { name: 'Done' }).click();

  await visit(page, '#/health');
  await page.locator('dl.tiles').waitFor();
  check('health has three plots, each with its words', await page.locator('svg[role=img][aria-label]').count(), 3);
  holds('health tells what pictures take', (await page.textContent('dl.tiles')).includes('Pictures'), 'tiles');
  await visit(page, '#/audit');
  await page.getByRole('table').waitFor();
  const deeds = await page.textContent('main');
  holds('what was done is on record, without the secret', deeds.includes('shop') && !deeds.includes(secret), deeds);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});
