/** Sign-in: impossible at first, possible after a command, refused with a wrong password, and ended with the session. */

import { check, holds } from '../sdk/check.mjs';
import { axe, openPage, visit } from './browser.mjs';
import { ADMIN_PASSWORD, inside, onTerminal, own } from './servers.mjs';

export const run = async (binary, browser) => {
  if (process.env.STANDIN_CONSOLE_AT) return;
  await inside(own(binary), async server => {
    const page = await openPage(browser, server.base);
    const errors = [];
    page.on('console', message => message.type() === 'error' && errors.push(message.text()));
    await visit(page, '');
    check('a first load leaves no error in the browser’s console', errors, []);
    holds('a stranger sees where to point an app, without any key', (await page.textContent('main')).includes('YOUR_SECRET'));
    await page.getByRole('link', { name: 'Create an administrator' }).click();
    await page.getByRole('heading', { name: 'There is no administrator yet' }).waitFor();
    check('the three ways pass axe', await axe(page), []);
    await page.goto('about:blank');
    await visit(page, '#setup=AAAA-BBBB');
    await page.getByLabel('Password').fill(ADMIN_PASSWORD);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.locator('.problem').waitFor();
    check('the first administrator’s form passes axe, refused', await axe(page), []);
    await page.context().close();
  });
  await inside(onTerminal(binary), async server => {
    const page = await openPage(browser, server.base);
    await visit(page, `#setup=${server.code}`);
    await page.getByLabel('Password').fill(ADMIN_PASSWORD);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByText('Calls are not recorded').waitFor();
    holds('the link of the terminal makes the first administrator, signed in', !page.url().includes('setup'), page.url());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
    holds('after signing out no key is shown', (await page.textContent('main')).includes('YOUR_SECRET'));
    await page.context().close();
  });
  await inside(own(binary, { STANDIN_ADMIN_PASSWORD: ADMIN_PASSWORD }), async server => {
    const page = await openPage(browser, server.base);
    await visit(page, '#/users');
    check('a screen for administrators asks for a sign-in', await page.textContent('h1'), 'Sign in');
    check('the sign-in passes axe', await axe(page), []);
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password').fill('not the one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.problem').waitFor();
    await page.getByLabel('Password').fill(ADMIN_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    await page.getByText('No users yet').waitFor();
    check('the screen that was asked for opens, and teaches', await axe(page), []);
    const cookies = await page.context().cookies();
    check('the cookie is out of reach of scripts and other sites', cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]), [[true, 'Strict']]);
    await page.reload();
    await page.getByText('No users yet').waitFor();
    await visit(page, '#/requests');
    await page.getByText('Calls are not recorded').waitFor();
    await page.context().clearCookies();
    await page.goto('/#/audit');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    holds('a session that is gone leads back to the sign-in', page.url().endsWith('#/audit'), page.url());
    check('no other host was asked', page.seen.strays, []);
    check('no script failed', page.seen.faults, []);
    await page.context().close();
  });
};
