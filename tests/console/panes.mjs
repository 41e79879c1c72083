/** The live demo: a change through one vendor is shown through the other soon, and after a restart too. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, settled, visit } from './browser.mjs';
import { ADMIN_PASSWORD, demo, inside, own } from './servers.mjs';

/** How long a change may take from the press of the button until the other side shows it. */
const SEEN_MS_MAX = 200;

export async function run(binary, browser) {
  await inside(demo(binary), standin => samples(browser, standin));
  if (!process.env.STANDIN_CONSOLE_AT) await inside(own(binary, { STANDIN_ADMIN_PASSWORD: ADMIN_PASSWORD }), standin => realUsers(browser, standin));
}

async function samples(browser, standin) {
  const page = await openPage(browser, standin.base);
  await visit(page, '#/demo');
  const [left, right] = [page.locator('.device').first(), page.locator('.device').last()];
  const wires = await left.getByLabel('Vendor').locator('option').allTextContents();

  let names = 0;
  const change = async (of, from, to) => {
    const name = `Changed ${Date.now()} ${(names += 1)}`;
    await from.locator('.own input').first().fill(name);
    await from.getByRole('button', { name: 'Send', exact: true }).click();
    await to.locator('.seen b', { hasText: name }).waitFor();
    const ms = Number((await to.locator('.latency b').textContent()).replace(' ms', ''));
    if (!standin.isBorrowed) holds(`${of}: the picture is seen as well`, await to.locator('.seen img').evaluate(picture => picture.decode().then(() => true, () => false)));
    holds(`${of}: seen on the other side within ${SEEN_MS_MAX} ms`, ms > 0 && ms < SEEN_MS_MAX, ms);
  };
  for (const wire of wires) {
    await left.getByLabel('Vendor').selectOption({ label: wire });
    await left.getByText(`Name, sent through ${wire}`).waitFor();
    await settled(page);
    await change(`${wire} to Tencent`, left, right);
    await change(`Tencent to ${wire}`, right, left);
  }
  if (!standin.isBorrowed) {
    await standin.halt();
    await page.waitForSelector('.devices.is-lost');
    await standin.start();
    await page.waitForSelector('.devices:not(.is-lost)', { timeout: 30_000 });
    await change('after a restart', left, right);
  }
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
}

/** On one's own server a change is warned of, asked about once, and on record. */
async function realUsers(browser, standin) {
  for (const id of ['user1', 'user2']) await standin.qiscusRest('POST', 'login_or_register', { user_id: id, password: 'password', username: id });
  const page = await openPage(browser, standin.base);
  await visit(page, '#/demo');
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(ADMIN_PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('no samples').waitFor();
  const [left, right] = [page.locator('.device').first(), page.locator('.device').last()];
  const send = async name => {
    await left.locator('.own input').first().fill(name);
    await left.getByRole('button', { name: 'Send', exact: true }).click();
  };
  await left.locator('.own input').first().waitFor();
  await send('Not meant');
  const question = page.getByRole('dialog', { name: 'Change a real user?' });
  await question.getByRole('button', { name: 'Cancel' }).click();
  await send('Meant');
  await question.getByRole('button', { name: 'Change it' }).click();
  await right.locator('.seen b', { hasText: 'Meant' }).first().waitFor();
  holds('what was cancelled was not sent', !(await right.textContent()).includes('Not meant'));
  await send('Meant again');
  await right.locator('.seen b', { hasText: 'Meant again' }).waitFor();
  check('the second change is not asked about', await question.count(), 0);

  const file = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
  await left.locator('input[type=file]').setInputFiles(file);
  await left.getByText('cannot be read as a picture').waitFor();
  await left.locator('input[type=file]').setInputFiles({ ...file, buffer: await page.screenshot() });
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await page.getByText('Sent').first().waitFor();
  check('the error of a bad file goes with the next good one', await left.locator('.problem').count(), 0);

  await visit(page, '#/audit');
  const entry = await page.getByRole('row').filter({ hasText: 'user.change_through_vendor' }).first().textContent();
  holds('the audit log names administrator, user and vendor', /admin.*user1.*name, through the API of Qiscus/.test(entry), entry);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
}
