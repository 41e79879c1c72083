// Knows how a picture becomes a square: the reader moves, zooms and turns it by mouse, finger or keyboard, and the page draws it.

import { dialog, h, field, newId } from './dom.js';

/** The side of the picture that is uploaded. */
const SIDE_PX = 1024;

/** The side of the canvas: twice its size on the page, for sharp screens. */
const STAGE_PX = 640;

const ZOOM_MAX = 8;
const STEP = 16;
const DEGREES_STEP = 5;

/**
 * The square's place in the picture. The square never leaves the picture: whatever is asked for is drawn back to what covers it.
 * `x`, `y`: its centre, in pixels of the picture from its middle; `zoom`: 1 is as much as fits; `degrees`: how far the picture is turned.
 */
export function framing(width, height) {
  const frame = { x: 0, y: 0, zoom: 1, degrees: 0 };

  const turned = () => {
    const angle = frame.degrees * Math.PI / 180;
    return { cos: Math.cos(angle), sin: Math.sin(angle) };
  };
  /** Half the side of the square's bounds, in pixels of the picture, for a square of side 1 on the stage. */
  const reach = scale => {
    const { cos, sin } = turned();
    return (Math.abs(cos) + Math.abs(sin)) / 2 / scale;
  };
  /** Stage sides to a pixel of the picture. */
  const scale = () => {
    const { cos, sin } = turned();
    return frame.zoom * (Math.abs(cos) + Math.abs(sin)) / Math.min(width, height);
  };
  const keep = () => {
    frame.zoom = Math.min(Math.max(frame.zoom, 1), ZOOM_MAX);
    frame.degrees = ((frame.degrees + 180) % 360 + 360) % 360 - 180;
    const half = reach(scale());
    const within = (at, side) => Math.min(Math.max(at, half - side / 2), side / 2 - half);
    frame.x = within(frame.x, width);
    frame.y = within(frame.y, height);
  };
  return {
    frame,
    /** Moves the picture by parts of the stage's side. */
    move(dx, dy) {
      const { cos, sin } = turned();
      frame.x -= (dx * cos + dy * sin) / scale();
      frame.y -= (dy * cos - dx * sin) / scale();
      keep();
    },
    zoom(factor) {
      frame.zoom *= factor;
      keep();
    },
    turn(degrees) {
      frame.degrees += degrees;
      keep();
    },
    set(given) {
      Object.assign(frame, given);
      keep();
    },
    draw(canvas, picture) {
      const pen = canvas.getContext('2d');
      const side = canvas.width;
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, side, side);
      pen.imageSmoothingQuality = 'high';
      pen.translate(side / 2, side / 2);
      pen.rotate(frame.degrees * Math.PI / 180);
      pen.scale(side * scale(), side * scale());
      pen.drawImage(picture, -width / 2 - frame.x, -height / 2 - frame.y);
    },
  };
}

/** Opens the dialog with a file. Returns the cut picture as a blob, or undefined if the reader left. Throws if the file is no picture. */
export async function crop(file, signal) {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error('This file cannot be read as a picture. Choose a PNG, JPEG, WebP or GIF.');
  });
  if (signal.aborted) return undefined;
  const cut = framing(picture.width, picture.height);
  return dialog('Crop the picture', close => stage(picture, cut, file.type === 'image/jpeg' ? 'image/jpeg' : 'image/png', close));
}

function stage(picture, cut, type, close) {
  const canvas = h('canvas.stage', {
    width: STAGE_PX, height: STAGE_PX, tabindex: '0', autofocus: true,
    role: 'application', 'aria-label': 'Picture: arrow keys move, plus and minus zoom, brackets turn',
  });
  const zoom = h('input', { type: 'range', min: 0, max: 100, value: 0 });
  const turn = h('input', { type: 'range', min: -180, max: 180, value: 0 });
  const draw = () => {
    cut.draw(canvas, picture);
    zoom.value = 100 * Math.log(cut.frame.zoom) / Math.log(ZOOM_MAX);
    turn.value = cut.frame.degrees;
  };
  const then = change => () => {
    change();
    draw();
  };
  zoom.addEventListener('input', then(() => cut.set({ zoom: ZOOM_MAX ** (zoom.value / 100) })));
  turn.addEventListener('input', then(() => cut.set({ degrees: Number(turn.value) })));
  byKeys(canvas, cut, draw);
  byPointers(canvas, cut, draw);
  draw();
  const quarter = (label, degrees) => h('button', { type: 'button', onclick: then(() => cut.turn(degrees)) }, label);
  const startOver = then(() => cut.set({ x: 0, y: 0, zoom: 1, degrees: 0 }));
  const save = () => {
    const canvas = h('canvas', { width: SIDE_PX, height: SIDE_PX });
    cut.draw(canvas, picture);
    canvas.toBlob(close, type, 0.92);
  };
  return [
    h('div.stage-frame', {}, canvas),
    h('p.hint', {}, 'Drag to move, scroll or pinch to zoom. By keyboard: arrows, + and −, [ and ].'),
    h('div.grid', {}, field('Zoom', zoom), field('Turn', turn)),
    h('div.actions', {}, quarter('Turn left', -90), quarter('Turn right', 90), h('button', { type: 'button', onclick: startOver }, 'Start over')),
    h('div.actions.ending', {},
      h('button.primary', { type: 'button', onclick: save }, 'Use this picture'),
      h('button', { type: 'button', onclick: () => close() }, 'Cancel')),
  ];
}

function byKeys(canvas, cut, draw) {
  const step = STEP / (STAGE_PX / 2);
  const moves = {
    ArrowLeft: () => cut.move(-step, 0),
    ArrowRight: () => cut.move(step, 0),
    ArrowUp: () => cut.move(0, -step),
    ArrowDown: () => cut.move(0, step),
    '+': () => cut.zoom(1.1),
    '=': () => cut.zoom(1.1),
    '-': () => cut.zoom(1 / 1.1),
    '[': () => cut.turn(-DEGREES_STEP),
    ']': () => cut.turn(DEGREES_STEP),
  };
  canvas.addEventListener('keydown', event => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move();
    draw();
  });
}

function byPointers(canvas, cut, draw) {
  const fingers = new Map();
  const side = () => canvas.getBoundingClientRect().width;
  const spread = () => {
    const [one, two] = [...fingers.values()];
    return Math.hypot(one.x - two.x, one.y - two.y);
  };
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener('pointermove', event => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const before = fingers.size === 2 ? spread() : 0;
    cut.move((event.clientX - finger.x) / side() / fingers.size, (event.clientY - finger.y) / side() / fingers.size);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (before > 0) cut.zoom(spread() / before);
    draw();
  });
  const lift = event => fingers.delete(event.pointerId);
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener('wheel', event => {
    event.preventDefault();
    cut.zoom(Math.exp(-event.deltaY / 400));
    draw();
  }, { passive: false });
}

/** A place to drop, paste or choose a picture. It takes a pasted one if it has the focus or is the only such place. `take(file)` gets the file. */
export function pictureDrop(label, take, signal) {
  const chooser = h('input.unseen', { type: 'file', accept: 'image/png,image/jpeg,image/webp,image/gif', id: newId(), tabindex: '-1', 'aria-hidden': 'true' });
  const place = h('button.drop', { type: 'button', onclick: () => chooser.click() }, label);
  const first = list => [...list ?? []].find(file => file.type.startsWith('image/'));
  const given = file => file && take(file);
  chooser.addEventListener('change', () => {
    given(chooser.files[0]);
    chooser.value = '';
  });
  place.addEventListener('dragover', event => {
    event.preventDefault();
    place.classList.add('is-over');
  });
  place.addEventListener('dragleave', () => place.classList.remove('is-over'));
  place.addEventListener('drop', event => {
    event.preventDefault();
    place.classList.remove('is-over');
    given(first(event.dataTransfer.files));
  });
  addEventListener('paste', event => {
    const isTyping = document.activeElement?.matches('input, textarea') || document.querySelector('dialog[open]');
    const isMeant = document.activeElement === place || document.querySelectorAll('.drop').length === 1;
    if (place.isConnected && isMeant && !isTyping) given(first(event.clipboardData?.files));
  }, { signal });
  return h('div.drop-frame', {}, place, chooser);
}
