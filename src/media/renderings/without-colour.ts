import type { EdgeBox, Raster } from '../raster.ts';
import type { SeparatedInk } from './separate-ink.ts';
import { takeOffMark } from './take-off-mark.ts';

/** Channels that differ by less than this, in 255ths of the local white, are of paper, print and noise. */
const COLOURLESS = 12;
/** Those of words and stamps differ by this much on bare paper, and lie on at least this share of the card. */
const CLEAR_COLOUR = 40;
const LEAST_SHARE = 0.002;

/** Coloured inks are told apart by the channel that they leave the brightest: red from blue and violet. */
const CHANNELS = [0, 1, 2];

/**
 * A picture without the coloured ink or paint over its `text`, which is all of it but for the photo. Black print and white
 * paper have no colour: what the channels differ by tells how much of a pixel is covered. What lies under it comes back
 * with its own contrast, where a tone curve loses what the ink's own colour leaves of print. Null where nothing is coloured.
 */
export function withoutColour(picture: Raster, ink: SeparatedInk, text: EdgeBox, photo: EdgeBox): Raster | null {
  let bare: Raster | null = null;
  for (const channel of CHANNELS) {
    const mark = inkOf(channel, picture, ink, text, photo);
    bare = (mark && takeOffMark(bare ?? picture, ink.white, mark)) ?? bare;
  }
  return bare;
}

/** By how much the ink of one kind makes the channels of each pixel differ, 0-1; null where there is none. */
function inkOf(
  channel: number,
  { height, width }: Raster,
  { brightest, colour }: SeparatedInk,
  text: EdgeBox,
  photo: EdgeBox,
): Float32Array | null {
  const mark = new Float32Array(width * height);
  let clear = 0;
  const bottom = Math.min(height, Math.floor(text.bottom));
  const right = Math.min(width, Math.floor(text.right));
  for (let y = Math.max(0, Math.ceil(text.top)); y < bottom; y++) {
    for (let x = Math.max(0, Math.ceil(text.left)); x < right; x++) {
      const at = y * width + x;
      if (brightest[at] !== channel || isWithin(photo, x, y)) continue;
      const difference = colour[at] as number;
      if (difference > CLEAR_COLOUR) clear++;
      mark[at] = Math.max(0, difference - COLOURLESS) / 255;
    }
  }
  return clear < LEAST_SHARE * width * height ? null : mark;
}

function isWithin({ bottom, left, right, top }: EdgeBox, x: number, y: number): boolean {
  return x >= left && x <= right && y >= top && y <= bottom;
}
