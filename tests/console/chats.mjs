/** Messages: two devices of the demo chat, each through its own vendor's API; a user's conversations, with texts only in a demo or on record. */

import { check, holds } from '../sdk/check.mjs';
import { NARROW, axe, openPage, overflow, settled, visit } from './browser.mjs';
import { ADMIN_PASSWORD, demo, inside, own } from './servers.mjs';

/** The vendors through whose API the console chats. */
const VENDORS = ['Qiscus', 'MirrorFly', 'Tencent'];

/** How long a message may take from the press of the key until the other side shows it: some ten calls of both sides, on a busy machine. */
const SEEN_MS_MAX = 3000;

export async function run(binary, browser) {
  await inside(demo(binary), standin => samples(browser, standin));
  if (!process.env.STANDIN_CONSOLE_AT) await inside(own(binary, { STANDIN_ADMIN_PASSWORD: ADMIN_PASSWORD }), standin => realUsers(browser, standin));
}

async function samples(browser, standin) {
  const page = await openPage(browser, standin.base);
  await visit(page, '#/demo');
  const [left, right] = [page.locator('.device').first(), page.locator('.device').last()];
  let sent = 0;
  const chat = async (what, from, to) => {
    const text = `<b>Hi ${(sent += 1)}</b> 你好 ${Date.now()}`;
    await from.getByLabel('Message through').fill(text);
    const begun = Date.now();
    await from.getByLabel('Message through').press('Enter');
    await to.locator('.said:not(.is-own)', { hasText: text }).waitFor();
    const ms = Date.now() - begun;
    holds(`${what}: shown on the other side within ${SEEN_MS_MAX} ms`, ms <= SEEN_MS_MAX, ms);
    await from.locator('.said.is-own', { hasText: text }).filter({ hasText: '· read' }).waitFor();
    check(`${what}: read there, and the box is empty again`, await from.getByLabel('Message through').inputValue(), '');
    return text;
  };
  for (const one of VENDORS) {
    for (const other of VENDORS) {
      await left.getByLabel('Vendor').selectOption({ label: one });
      await right.getByLabel('Vendor').selectOption({ label: other });
      await left.getByText(`Message through ${one}`).waitFor();
      await right.getByText(`Message through ${other}`).waitFor();
      await settled(page);
      await chat(`${one} to ${other}`, left, right);
      await chat(`${other} to ${one}`, right, left);
    }
  }
  check('markup in a message is text', await page.locator('.said b').count(), 0);
  check('the chat passes axe', await axe(page), []);
  await right.getByLabel('User', { exact: true }).selectOption('user1');
  await page.waitForFunction(() => !document.querySelector('.thread'));
  holds('a user does not chat with itself', true);

  await visit(page, '#/users/user1');
  await page.getByRole('tab', { name: 'Conversations' }).press('Enter');
  const open = page.getByRole('button', { name: 'Messages with user2' });
  await open.waitFor();
  const row = await page.locator('.people li').first().textContent();
  holds('a conversation is listed by its count and time', new RegExp(`${sent} messages`).test(row) && !row.includes('Hi'), row);
  await page.setViewportSize(NARROW);
  check('the list is no wider than a telephone', await overflow(page), 0);
  await open.press('Enter');
  await page.locator('.said', { hasText: `Hi ${sent}` }).waitFor();
  check('a demo shows the texts at once', await page.getByRole('button', { name: 'Show text' }).count(), 0);
  check('the messages are no wider than a telephone', await overflow(page), 0);
  check('the messages pass axe', await axe(page), []);
  await page.getByRole('button', { name: /^Recall message/ }).last().press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Recall' }).press('Enter');
  await page.locator('.said', { hasText: 'Recalled' }).waitFor();
  await page.getByRole('button', { name: 'All conversations' }).press('Enter');
  await open.press('Enter');
  await page.locator('.said', { hasText: 'Recalled' }).waitFor();
  check('a recalled message has no text any more', await page.locator('.said', { hasText: `Hi ${sent}<` }).count(), 0);
  await visit(page, '#/audit');
  const entries = await page.textContent('main');
  holds('what was sent and recalled is on record, without texts', /message, through the API of Tencent/.test(entries) && entries.includes('user.recall_message') && !entries.includes('Hi '), entries);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
}

const TEXT = 'meet me at the old mill';

/** On one's own server texts are shown on record alone, and the panes have no chat. */
async function realUsers(browser, standin) {
  for (const id of ['user1', 'user2']) await standin.qiscusRest('POST', 'login_or_register', { user_id: id, password: 'password', username: id });
  const page = await openPage(browser, standin.base);
  await visit(page, '#/demo');
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(ADMIN_PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Their messages are not shown here').waitFor();
  await page.locator('.own input').first().waitFor();
  check('the panes of real users have no chat', await page.getByLabel('Message through').count(), 0);
  await page.evaluate(async text => {
    const module = name => import(new URL(`console/${name}.js`, document.baseURI));
    const [{ chatApis }, selected] = [await module('messages'), await module('selected')];
    const { tencent } = chatApis(selected.app(), await selected.secrets());
    for (let n = 1; n <= 30; n += 1) await tencent.send('user1', 'user2', `${text} ${n}`);
  }, TEXT);

  await visit(page, '#/users/user2');
  await page.getByRole('tab', { name: 'Conversations' }).click();
  await page.getByText('30 messages, 30 unread').waitFor();
  await page.getByRole('button', { name: 'Messages with user1' }).click();
  await page.getByText('text, 26 B').first().waitFor();
  await page.getByText('user2 has read nothing').waitFor();
  holds('a message is shown by its size', !(await page.textContent('main')).includes(TEXT));
  await page.getByText('An entry in the audit log will name you').waitFor();
  check('a conversation without texts passes axe', await axe(page), []);
  await page.getByRole('button', { name: 'Show text' }).press('Enter');
  await page.locator('.said', { hasText: `${TEXT} 30` }).waitFor();
  check('and by its text when it is asked for', await page.locator('.said').count(), 25);
  await page.getByRole('button', { name: 'Older' }).press('Enter');
  await page.locator('.said').first().getByText(`${TEXT} 1`, { exact: true }).waitFor();
  check('older ones come above', await page.locator('.said').count(), 30);
  await visit(page, '#/audit');
  const entries = (await page.getByRole('row').allTextContents()).filter(entry => entry.includes('user.read_messages'));
  holds('each reading is on record', entries.length === 2 && /admin.*user2.*5 messages with user1/.test(entries[0]) && /25 messages with user1/.test(entries[1]), entries);
  holds('without the texts', !(await page.textContent('main')).includes(TEXT));
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
}
