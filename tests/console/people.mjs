/** Users and the page of one: found, created, changed, shown for each vendor, added as contacts, suspended, deleted. */

import { check, holds } from '../sdk/check.mjs';
import { NARROW, WIDE, openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

const ID = 'console.person@example.com';
const NAME = 'Zoë <b>O’Neil</b> 李';

export const run = (binary, browser) => inside(demo(binary), async server => {
  const page = await openPage(browser, server.base);
  await visit(page, '#/users');

  await page.getByRole('button', { name: 'New user' }).click();
  const id = page.getByLabel('Id', { exact: true });
  const fault = page.locator('dialog .problem');
  for (const [given, said] of [['', 'Id is required.'], ['a b', 'Id must not be “a b”: an id has letters, digits and . _ @ - only.'], ['user1', 'Conflict User user1 already exists']]) {
    await id.fill(given);
    await page.getByRole('button', { name: 'Create' }).click();
    await fault.getByText(said.split(' ').slice(1).join(' ')).waitFor();
    holds(`the id “${given}” is refused in our words`, (await fault.textContent()).startsWith(said), await fault.textContent());
  }
  holds('a taken id wants another id', (await fault.textContent()).endsWith('Choose another id.'), await fault.textContent());
  await id.fill(ID);
  await page.getByLabel('Name', { exact: true }).fill(NAME);
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: NAME }).waitFor();
  await settled(page);
  check('a new user has a page, and markup in a name is text', await page.locator('main b b, h1 b').count(), 0);

  await visit(page, '#/users');
  await page.getByLabel('Search users').fill('SOLE.PERS');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  check('a part of the id finds, whatever the case', await page.textContent('tbody small'), ID);
  await page.getByLabel('Search users').fill('nobody is called so');
  await page.getByText('No user found').waitFor();
  await page.getByLabel('Search users').fill('');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 1);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByLabel('Email').check();
  await page.getByRole('button', { name: 'Show these' }).click();
  await page.getByRole('columnheader', { name: 'Email' }).waitFor();
  await page.reload();
  await settled(page);
  holds('the columns one chose stay', await page.getByRole('columnheader', { name: 'Email' }).isVisible());

  const fields = '**/standin/v1/apps/*/fields';
  await page.route(fields, route => route.abort());
  await visit(page, '#/connect');
  await visit(page, '#/users');
  check('a screen that cannot be opened says so', await page.textContent('h1'), 'This screen did not open');
  await page.unroute(fields);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  await settled(page);
  holds('and opens once it can', await page.getByRole('table').isVisible());

  if (!server.isBorrowed) await pages(server, page);

  await visit(page, `#/users/${encodeURIComponent(ID)}`);
  await page.getByLabel('Status text').fill('Quite new');
  await page.getByLabel('Test1').fill('a value');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved, and sent').first().waitFor();
  await page.reload();
  await settled(page);
  check('what was saved is there', [await page.getByLabel('Status text').inputValue(), await page.getByLabel('Test1').inputValue()], ['Quite new', 'a value']);
  await page.getByLabel('Email').fill('not an address');
  await page.getByRole('button', { name: 'Save' }).click();
  holds('a refusal names the field', (await page.textContent('form .problem')).includes('email'), await page.textContent('form .problem'));
  await page.getByLabel('Email').fill('');

  await page.getByRole('tab', { name: 'At each vendor' }).click();
  await page.getByRole('region', { name: 'Qiscus response' }).waitFor();
  for (const wire of ['Qiscus', 'MirrorFly', 'Tencent']) {
    const answer = await page.getByRole('region', { name: `${wire} response` }).textContent();
    holds(`${wire} shows the name`, answer.includes(NAME), answer);
  }

  await page.getByRole('tab', { name: 'Contacts' }).click();
  await page.getByText('No contacts').waitFor();
  await page.getByLabel('Add by id').fill('user1');
  await page.getByRole('button', { name: 'Add contact' }).click();
  await page.locator('.people').getByText('user1').waitFor();
  await page.getByRole('button', { name: 'Remove user1' }).click();
  await page.getByText('No contacts').or(page.locator('.people:empty')).first().waitFor({ state: 'attached' });

  await page.getByRole('tab', { name: 'Sessions' }).click();
  await page.getByText('Not signed in anywhere').waitFor();

  await page.getByRole('button', { name: 'Suspend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
  await page.getByText('suspended', { exact: true }).waitFor();
  await narrow(page);
  await page.getByRole('button', { name: 'Reactivate' }).click();
  await page.getByText('suspended', { exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Delete' }).click();
  check('the safe answer has the focus', await page.evaluate(() => document.activeElement.textContent), 'Cancel');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  await visit(page, `#/users/${encodeURIComponent(ID)}`);
  await page.getByText('There is no user with this id').waitFor();
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});

/** What a narrow screen has no room for is said elsewhere: the state of a user, and the parts of an audit entry. */
async function narrow(page) {
  await page.setViewportSize(NARROW);
  await visit(page, '#/users?search=console.person');
  await page.locator('tbody .person').getByText('suspended').waitFor();
  holds('at 360 px a suspended user is marked', true);
  await visit(page, '#/audit');
  const entry = page.getByRole('row').filter({ hasText: 'user.change' }).first();
  for (const part of ['When', 'Who', 'Action', 'Target', 'Details']) {
    holds(`at 360 px an audit entry shows its ${part}`, await entry.locator(`[data-label="${part}"]`).isVisible());
  }
  const time = await entry.locator('time').textContent();
  holds('a time has its date', new RegExp(String(new Date().getFullYear())).test(time) && /\d:\d\d/.test(time), time);
  await visit(page, '#/fields');
  holds('at 360 px a field shows who writes it', await page.locator('[data-label="Written by"]').first().isVisible());
  await page.setViewportSize(WIDE);
  await visit(page, `#/users/${encodeURIComponent(ID)}`);
}

/** More people than a page holds: forth and back, and narrowed by a declared field. */
async function pages(server, page) {
  const make = n => server.qiscusRest('POST', 'login_or_register', { user_id: `many${n}`, password: 'password', username: `Many ${n}` });
  for (let n = 0; n < 30; n += 1) await make(n);
  await visit(page, '#/users');
  await page.getByLabel('Search users').fill('many');
  await page.getByText('Page 1').waitFor();
  const first = await page.textContent('tbody small');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Page 2').waitFor();
  check('the next page has the rest, and is the last', [await page.locator('tbody tr').count(), await page.getByRole('button', { name: 'Next' }).isDisabled()], [5, true]);
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByText('Page 1').waitFor();
  check('and back leads back', await page.textContent('tbody small'), first);
  await page.getByLabel('Search users').fill('');
  await page.getByLabel('Field to filter by').selectOption('Test1');
  await page.getByLabel('Value of that field').fill('held by nobody');
  await page.getByText('No user found').waitFor();
}
