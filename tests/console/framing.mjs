/** The cutting of pictures as arithmetic: whatever is asked for, the square stays inside the picture. */

import { check, holds } from '../sdk/check.mjs';

const MOVES = [
  ['a shove far to the right', cut => cut.move(99, 0)],
  ['a shove far up', cut => cut.move(0, -99)],
  ['much too much zoom', cut => cut.zoom(1e6)],
  ['much too little', cut => cut.zoom(1e-6)],
  ['a slant', cut => cut.turn(31)],
  ['a shove while slanted', cut => cut.move(-5, 5)],
  ['a quarter', cut => cut.turn(90)],
  ['a turn of many rounds', cut => cut.turn(3640)],
];

export async function run() {
  // The module's only import makes elements when it is called, and asks for none when it is read.
  const { framing } = await import('../../static/console/crop.js');
  for (const [width, height] of [[4000, 3000], [300, 1200], [64, 64]]) {
    const cut = framing(width, height);
    for (const [what, move] of MOVES) {
      move(cut);
      holds(`${width} x ${height}: the square is inside after ${what}`, isInside(cut.frame, width, height), cut.frame);
    }
    cut.set({ x: 0, y: 0, zoom: 1, degrees: 0 });
    check(`${width} x ${height}: starting over is where it began`, cut.frame, { x: 0, y: 0, zoom: 1, degrees: 0 });
  }
  const cut = framing(1000, 1000);
  cut.zoom(2);
  cut.move(0.25, 0);
  check('a drag of a quarter to the right shows what is an eighth to the left, at zoom 2', Math.round(cut.frame.x), -125);
}

/** The square's four corners, in pixels of the picture. */
function isInside({ x, y, zoom, degrees }, width, height) {
  const angle = degrees * Math.PI / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const side = Math.min(width, height) / zoom / (Math.abs(cos) + Math.abs(sin));
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].every(([right, down]) => {
    const at = x + (right * cos + down * sin) * side / 2;
    const under = y + (down * cos - right * sin) * side / 2;
    return Math.abs(at) <= width / 2 + 1e-6 && Math.abs(under) <= height / 2 + 1e-6;
  });
}
