import type { Raster } from '../raster.ts';
import { lumaOf, quantile, ramp } from './luma.ts';

export interface Exposure {
  /** 0-1: how little light the card got. */
  readonly dark: number;
  /** 0-1: how far the card is burnt out as a whole. */
  readonly bright: number;
  /** 0-1: how little colour there is, as in a photocopy. */
  readonly grayscale: number;
}

/** Judges light and colour of an upright card. A KTP is light blue (a foreigner's is orange) with a coloured photo. */
export function measureExposure(card: Raster): Exposure {
  const luma = lumaOf(card);
  const light = quantile(luma, 0.9);
  const middle = quantile(luma, 0.5);
  const chroma = new Uint8Array(luma.length);
  for (let pixel = 0, at = 0; pixel < chroma.length; pixel++, at += 3) {
    const red = card.data[at] as number;
    const green = card.data[at + 1] as number;
    const blue = card.data[at + 2] as number;
    chroma[pixel] = Math.max(red, green, blue) - Math.min(red, green, blue);
  }
  // Against the light there is: a dark photo has little colour, too. The most colourful tenth is photo and background.
  const colour = quantile(chroma, 0.9) / Math.max(24, light);
  return { dark: ramp(light, 125, 45), bright: ramp(middle, 225, 253), grayscale: ramp(colour, 0.16, 0.04) };
}
