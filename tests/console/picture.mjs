/** The picture: chosen, pasted or dropped, cut by keyboard and by mouse, the same for every vendor, locked and removed. */

import { check, holds } from '../sdk/check.mjs';
import { openPage, settled, visit } from './browser.mjs';
import { demo, inside } from './servers.mjs';

export const run = (binary, browser) => inside(demo(binary), async standin => {
  const page = await openPage(browser, standin.base);
  await visit(page, '#/users/user1');
  const shown = () => page.locator('.portrait.large').getAttribute('src');
  const photo = await drawn(page, 1600, 1000);

  const first = await shown();
  await page.setInputFiles('input[type=file]', { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: photo });
  const stage = page.getByRole('application');
  await stage.waitFor();
  check('the picture has the focus when the dialog opens', await page.evaluate(() => document.activeElement.tagName), 'CANVAS');
  const asItCame = await look(page);
  for (const key of ['+', '+', '+', 'ArrowRight', 'ArrowDown', ']', ']', '[']) await page.keyboard.press(key);
  holds('keys move, zoom and turn', await look(page) !== asItCame);
  holds('the sliders follow', Number(await page.getByRole('slider', { name: 'Zoom' }).inputValue()) > 0 && Number(await page.getByRole('slider', { name: 'Turn' }).inputValue()) === 5);
  await page.getByRole('button', { name: 'Start over' }).click();
  check('starting over is as it came', await look(page), asItCame);
  await page.getByRole('button', { name: 'Turn right' }).click();
  await page.getByRole('button', { name: 'Use this picture' }).press('Enter');
  await page.waitForFunction(former => document.querySelector('.portrait.large')?.getAttribute('src') !== former, first);
  const second = await shown();
  const colours = await corners(page, second);
  // Drawn with red on the left: a quarter to the right puts it on top.
  check('what was turned is turned in the picture that is served', colours.top, 'red');

  await page.evaluate(async bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.jpg', { type: 'image/jpeg' }));
    document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [...photo]);
  await stage.waitFor();
  const before = await look(page);
  const box = await stage.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -300);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 3, { steps: 4 });
  await page.mouse.up();
  holds('a wheel and a drag do the same', await look(page) !== before);
  await page.keyboard.press('Escape');
  await stage.waitFor({ state: 'detached' });
  check('Escape leaves everything as it was', await shown(), second);

  await page.evaluate(async bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'pasted.jpg', { type: 'image/jpeg' }));
    document.activeElement.blur();
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
  }, [...photo]);
  await stage.waitFor();
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await page.waitForFunction(former => document.querySelector('.portrait.large')?.getAttribute('src') !== former, second);
  check('pasted as it came, red is on the left', (await corners(page, await shown())).left, 'red');

  await page.setInputFiles('input[type=file]', { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') });
  await page.getByText('cannot be read as a picture').waitFor();
  const bad = await shown();
  await page.setInputFiles('input[type=file]', { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: photo });
  await page.getByRole('button', { name: 'Use this picture' }).click();
  await page.waitForFunction(former => document.querySelector('.portrait.large')?.getAttribute('src') !== former, bad);
  check('the error of a bad file goes with the next good one', await page.locator('.problem').count(), 0);

  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await page.getByLabel('Reason').fill('It is the right one.');
  await page.getByRole('dialog').getByRole('button', { name: 'Lock' }).click();
  await page.getByText('It is the right one.').waitFor();
  check('a locked picture takes no file', await page.locator('.drop').count(), 0);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.locator('.drop').waitFor();
  const third = await shown();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.waitForFunction(former => document.querySelector('.portrait.large')?.getAttribute('src') !== former, third);
  await settled(page);
  check('no other host was asked', page.seen.strays, []);
  check('no script failed', page.seen.faults, []);
  await page.context().close();
});

/** A JPEG made by the browser: red on the left, blue on the right. */
async function drawn(page, width, height) {
  const bytes = await page.evaluate(async ([width, height]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#e00000';
    pen.fillRect(0, 0, width / 2, height);
    pen.fillStyle = '#0000e0';
    pen.fillRect(width / 2, 0, width / 2, height);
    const blob = await new Promise(made => canvas.toBlob(made, 'image/jpeg'));
    return [...new Uint8Array(await blob.arrayBuffer())];
  }, [width, height]);
  return Buffer.from(bytes);
}

const look = page => page.evaluate(() => document.querySelector('canvas.stage').toDataURL());

/** The colours of the edges of a picture that the server serves. */
const corners = (page, address) => page.evaluate(async address => {
  const picture = await createImageBitmap(await (await fetch(address)).blob());
  const pen = Object.assign(document.createElement('canvas'), { width: 100, height: 100 }).getContext('2d');
  pen.drawImage(picture, 0, 0, 100, 100);
  const at = (x, y) => {
    const [red, , blue] = pen.getImageData(x, y, 1, 1).data;
    return red > blue ? 'red' : 'blue';
  };
  return { top: at(50, 10), left: at(10, 50), right: at(90, 50), bottom: at(50, 90) };
}, address);
