import type { Raster } from '../../media/raster.ts';

/** Levels between the darkest and the lightest sample of an empty page's colour; a JPEG's compression makes no more. */
const BLANK_RANGE = 3;
const CHANNELS = 3;

/**
 * Whether a picture shows nothing at all, as an empty page of a document does. To look for a card in it, at every scale
 * and in every rendering, takes longer than to read one.
 */
export function isBlank({ data }: Pick<Raster, 'data'>): boolean {
  for (let channel = 0; channel < CHANNELS; channel++) {
    let darkest = 255;
    let lightest = 0;
    for (let index = channel; index < data.length; index += CHANNELS) {
      const sample = data[index] ?? 0;
      if (sample < darkest) darkest = sample;
      if (sample > lightest) lightest = sample;
      if (lightest - darkest > BLANK_RANGE) return false;
    }
  }
  return true;
}
