/** Leaving a screen: dialogs close with it, unsaved edits are asked about, and an unknown address says so. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

export const run = (binary, browser) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base);
  await dialogs(page);
  await edits(page);
  await otherForms(page);
  for (const address of ['#/nowhere', '#/users/user1/more', '#/users/%E0%A4%A']) {
    await visit(page, address);
    check(`${address}: an unknown address says so`, [await page.textContent('h1'), await page.title()], ['There is no such screen', 'Not found · Standin']);
  }
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});

/** Each dialog is open when the reader goes back, and closed when the screen before is shown. */
async function dialogs(page) {
  const backFrom = async (what, screen, open) => {
    await visit(page, '#/users');
    await visit(page, screen);
    await open();
    await page.getByRole('dialog').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    await settled(page);
    check(`${what} closes when the reader goes back`, await page.locator('dialog').count(), 0);
  };
  await backFrom('a deletion', '#/users/user1', () => page.getByRole('button', { name: 'Delete' }).click());
  await backFrom('the cropping of a picture', '#/users/user1', async () => {
    const picture = await page.screenshot();
    await page.setInputFiles('input[type=file]', { name: 'a.png', mimeType: 'image/png', buffer: picture });
  });
  await backFrom('a new secret', '#/apps', async () => {
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    await page.locator('dialog pre').waitFor();
  });
  await visit(page, '#/users/user1');
  check('and nothing was done', await page.getByRole('button', { name: 'Delete' }).count(), 1);
}

/** The edits of a profile stay until they are saved, or until the reader says that they may go. */
async function edits(page) {
  await visit(page, '#/users');
  await visit(page, '#/users/user1');
  const status = page.getByLabel('Status text');
  const question = page.getByRole('dialog', { name: 'Leave without saving?' });
  const address = page.url();
  await status.fill('Not saved yet');
  await page.getByRole('tab', { name: 'Contacts' }).click();
  await page.getByRole('tab', { name: 'Profile' }).click();
  check('edits survive a look at another tab', await status.inputValue(), 'Not saved yet');

  const leave = { 'a link': () => page.getByRole('link', { name: 'Health' }).click(), 'the way back': () => page.goBack() };
  for (const [how, go] of Object.entries(leave)) {
    await go();
    await question.waitFor();
    check(`${how}: the reader is asked first`, page.url(), address);
    await question.getByRole('button', { name: 'Stay' }).click();
    check(`${how}: the edits are still there`, [await status.inputValue(), page.url()], ['Not saved yet', address]);
  }
  await page.getByRole('link', { name: 'Health' }).click();
  await question.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Health' }).waitFor();
  await settled(page);
  await page.goBack();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settled(page);
  check('the way back leads to the screen that was left', page.url(), address);
  await status.fill('Saved');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved, and sent').first().waitFor();
  await page.getByRole('link', { name: 'Health' }).click();
  await page.getByRole('heading', { name: 'Health' }).waitFor();
  check('what is saved is not asked about', await question.count(), 0);

  await visit(page, '#/users/user1');
  await status.fill('Lost by a reload');
  const asked = page.waitForEvent('dialog').then(async dialog => {
    await dialog.accept();
    return dialog.type();
  });
  await page.reload();
  check('a reload is asked about by the browser', await asked, 'beforeunload');
  await settled(page);
}

/** The settings of an app and the form of a field are asked about as well. */
async function otherForms(page) {
  const question = page.getByRole('dialog', { name: 'Leave without saving?' });
  await visit(page, '#/apps');
  await page.getByLabel('Closed').check();
  await page.getByRole('link', { name: 'Health' }).click();
  await question.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Health' }).waitFor();

  await visit(page, '#/fields');
  await page.getByLabel('Name').fill('Half_a_field');
  await page.getByRole('button', { name: 'Change Test1' }).click();
  await question.getByRole('button', { name: 'Stay' }).click();
  check('a field that is half declared is kept', await page.getByLabel('Name').inputValue(), 'Half_a_field');
  await page.getByLabel('Name').fill('');
}
