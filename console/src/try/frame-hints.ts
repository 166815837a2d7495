/** A picture of a camera, four bytes a pixel. */
export interface Frame {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export type Hint = 'no_card' | 'dark' | 'small' | 'glare';

/** Light of a picture, 0-255 on average, below which print is no longer told from its ground. */
const DARK = 62;
/** A pixel that is full in every colour shows the lamp, and not the card. */
const FULL = 250;
/** Share of such pixels in the card's place that hides characters. */
const GLARE_SHARE = 0.015;
/** Side of the squares in which print is looked for, pixels of a frame 320 wide. */
const CELL = 8;
/** Mean difference of neighbours in a square that holds print. */
const PRINT = 9;
/** Share of squares with print below which nothing printed is there. */
const NOTHING_SHARE = 0.03;
/** Of the frame's width, that print has to span. */
const SMALL_SPAN = 0.5;

/**
 * What a person could do better before the picture is taken, the most important first; empty: nothing. Meant for frames
 * about 320 pixels wide; the card lies in the middle 80 %.
 */
export function frameHints(frame: Frame): Hint[] {
  const { full, light } = lightOf(frame);
  if (light < DARK) return ['dark'];
  const print = printOf(frame);
  const hints: Hint[] = [];
  if (print.share < NOTHING_SHARE) hints.push('no_card');
  else if (print.span < SMALL_SPAN) hints.push('small');
  if (full > GLARE_SHARE) hints.push('glare');
  return hints;
}

/** Mean light, and the share of full pixels, where the card is to lie. */
function lightOf({ data, height, width }: Frame): { light: number; full: number } {
  let sum = 0;
  let full = 0;
  let count = 0;
  for (let y = Math.floor(height * 0.1); y < height * 0.9; y++) {
    for (let x = Math.floor(width * 0.1); x < width * 0.9; x++) {
      const at = (y * width + x) * 4;
      sum += grey(data, at);
      if (Math.min(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0) >= FULL) full++;
      count++;
    }
  }
  return count === 0 ? { light: 0, full: 0 } : { light: sum / count, full: full / count };
}

/** The share of squares that hold print, and how much of the width most of them span. */
function printOf({ data, height, width }: Frame): { share: number; span: number } {
  const places: number[] = [];
  const across = Math.floor(width / CELL);
  const down = Math.floor(height / CELL);
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      if (detailOf(data, width, column * CELL, row * CELL) > PRINT) places.push(column);
    }
  }
  places.sort((left, right) => left - right);
  const first = places[Math.floor(places.length * 0.03)] ?? 0;
  const last = places[Math.floor(places.length * 0.97)] ?? first;
  return { share: places.length / Math.max(1, across * down), span: (last - first + 1) / Math.max(1, across) };
}

/** Mean difference of each pixel of a square from its neighbours to the right and below. */
function detailOf(data: Uint8ClampedArray, width: number, left: number, top: number): number {
  let sum = 0;
  for (let y = top; y < top + CELL - 1; y++) {
    for (let x = left; x < left + CELL - 1; x++) {
      const at = (y * width + x) * 4;
      const here = grey(data, at);
      sum += Math.abs(here - grey(data, at + 4)) + Math.abs(here - grey(data, at + 4 * width));
    }
  }
  return sum / (2 * (CELL - 1) ** 2);
}

function grey(data: Uint8ClampedArray, at: number): number {
  return 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
}
