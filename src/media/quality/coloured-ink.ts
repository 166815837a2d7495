import type { Raster } from '../raster.ts';
import { againstWhite } from '../renderings/separate-ink.ts';

/** Channels that differ by this much, in 255ths of the local white, are of coloured ink: print and pattern stay below. */
const COLOURED = 60;
/** The part of a card that is not its photo, as a share of its width. */
const TEXT_WIDTH = 0.66;

/** Share of a card's text area (the card alone, upright) on which coloured ink lies: a stamp, words written across. */
export function colouredInk(card: Raster): number {
  const { colour } = againstWhite(card);
  const { height, width } = card;
  const right = Math.floor(TEXT_WIDTH * width);
  let coloured = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < right; x++) if ((colour[y * width + x] as number) > COLOURED) coloured++;
  }
  return coloured / (right * height);
}
