import type { EdgeBox, Raster } from '../raster.ts';

/** The mean of a picture's levels, one a pixel, within a box: what of it lies in the picture. */
export function meanWithin(levels: Uint8Array, { width, height }: Raster, box: EdgeBox): number {
  const right = Math.min(width, Math.ceil(box.right));
  const bottom = Math.min(height, Math.ceil(box.bottom));
  let sum = 0;
  let count = 0;
  for (let y = Math.max(0, Math.floor(box.top)); y < bottom; y++) {
    for (let x = Math.max(0, Math.floor(box.left)); x < right; x++, count++) sum += levels[y * width + x] as number;
  }
  return sum / Math.max(1, count);
}
