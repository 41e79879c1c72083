/** The live demo: what is changed on one wire is seen on the other, soon, and after a restart too. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './house.mjs';

/** How long a change may take from the press of the button until the other side shows it. */
const SEEN_MS_MAX = 200;

export const run = (binary, browser) => inside(demo(binary), async house => {
  const page = await openPage(browser, house.base);
  await visit(page, '#/demo');
  const [left, right] = [page.locator('.device').first(), page.locator('.device').last()];
  const wires = await left.getByLabel('Wire').locator('option').allTextContents();

  let names = 0;
  const change = async (of, from, to) => {
    const name = `Changed ${Date.now()} ${(names += 1)}`;
    await from.locator('.own input').first().fill(name);
    await from.getByRole('button', { name: 'Send' }).click();
    await to.locator('.seen b', { hasText: name }).waitFor();
    const ms = Number((await to.locator('.latency b').textContent()).replace(' ms', ''));
    if (!house.isBorrowed) holds(`${of}: the picture is seen as well`, await to.locator('.seen img').evaluate(picture => picture.decode().then(() => true, () => false)));
    holds(`${of}: seen on the other side within ${SEEN_MS_MAX} ms`, ms > 0 && ms < SEEN_MS_MAX, ms);
  };
  for (const wire of wires) {
    await left.getByLabel('Wire').selectOption({ label: wire });
    await left.getByText(`Name, sent over ${wire}`).waitFor();
    await settled(page);
    await change(`${wire} to Tencent`, left, right);
    await change(`Tencent to ${wire}`, right, left);
  }
  if (!house.isBorrowed) {
    await house.halt();
    await page.waitForSelector('.devices.is-lost');
    await house.start();
    await page.waitForSelector('.devices:not(.is-lost)', { timeout: 30_000 });
    await change('after a restart', left, right);
  }
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});
