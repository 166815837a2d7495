import { median } from '../../text-lines/median.ts';
import type { Raster } from '../raster.ts';
import { againstWhite } from '../renderings/separate-ink.ts';
import { meanWithin } from './mean-within.ts';

/** Channels that differ by this much, in 255ths of the local white, are of coloured ink: print and pattern stay below. */
const COLOURED = 60;
/** The part of a card that is not its photo, as a share of its width. */
const TEXT_WIDTH = 0.66;
/**
 * A finger is like paper of another colour: the logarithms of its channels' ratios differ by this much from the card's. Under
 * stamps and words none of the text area does, under the smallest of drawn fingers 0.013 of it.
 */
const OTHER_PAPER = 0.2;
const FINGER = 0.008;

/** Share of a card's text area (the card alone, upright) on which coloured ink lies: a stamp, words written across. */
export function colouredInk(card: Raster): number {
  const right = Math.floor(TEXT_WIDTH * card.width);
  const coloured = withoutPhoto(isColoured(againstWhite(card).colour), card, right);
  return meanWithin(coloured, card, { left: 0, top: 0, right, bottom: card.height });
}

/** Without the colour that reaches into the text area from beyond its right end: of a slanted card that is the photo's. */
function withoutPhoto(coloured: Uint8Array, { height, width }: Raster, right: number): Uint8Array {
  const rest = coloured.slice();
  for (let y = 0; y < height; y++) {
    for (let at = y * width + right - 1; at >= y * width && coloured[at] === 1 && coloured[at + 1] === 1; at--)
      rest[at] = 0;
  }
  return rest;
}

/**
 * What share of places on a card (the card alone, upright; places in 0-1 of it: left, top, right, bottom) strokes of
 * coloured ink lie on: none where a finger covers a part of the text area, whose edges are coloured too.
 */
export function colouredStrokes(card: Raster): (place: readonly [number, number, number, number]) => number {
  const { height, width } = card;
  const { colour, white } = againstWhite(card);
  if (otherPaper(card, white) > FINGER) return () => 0;
  const coloured = isColoured(colour);
  return ([left, top, right, bottom]) =>
    meanWithin(coloured, card, {
      left: left * width,
      top: top * height,
      right: right * width,
      bottom: bottom * height,
    });
}

/** Share of the text area whose paper has another colour than most of it. */
function otherPaper({ height, width }: Raster, white: Float32Array): number {
  const right = Math.floor(TEXT_WIDTH * width);
  const redness: number[] = [];
  const blueness: number[] = [];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < right; x += 2) {
      const at = 3 * (y * width + x);
      const [red = 1, green = 1, blue = 1] = white.subarray(at, at + 3);
      redness.push(Math.log(red / green));
      blueness.push(Math.log(blue / green));
    }
  }
  const [usualRed, usualBlue] = [median(redness), median(blueness)];
  const other = redness.filter(
    (red, at) => Math.abs(red - usualRed) > OTHER_PAPER || Math.abs((blueness[at] as number) - usualBlue) > OTHER_PAPER,
  );
  return other.length / Math.max(1, redness.length);
}

/** 1 for each pixel whose channels differ as those of coloured ink do, else 0. */
function isColoured(colour: Uint8Array): Uint8Array {
  return colour.map((difference) => (difference > COLOURED ? 1 : 0));
}
