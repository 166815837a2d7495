import type { Raster } from '../raster.ts';
import { localWhite } from '../renderings/local-white.ts';
import { lumaOf, quantile } from './luma.ts';

/** The part of a card that is not its photo, as a share of its width: a photo is dark without a shadow. */
const TEXT_WIDTH = 0.66;

/**
 * How dark the darkest tenth of an upright card's text area is lit against the lightest tenth, 0-1: below a half a shadow's
 * edge crosses it. Print, pattern and ink of marks leave the white between them as it is.
 */
export function evennessOfLight(card: Raster): number {
  const { height, width } = card;
  const right = Math.floor(TEXT_WIDTH * width);
  const luma = lumaOf({ width, height, data: Uint8Array.from(localWhite(card)) });
  const text = luma.filter((_, pixel) => pixel % width < right);
  return quantile(text, 0.1) / Math.max(1, quantile(text, 0.9));
}
