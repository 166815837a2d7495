import type { Raster } from '../raster.ts';

/** Brightness of each pixel, 0-255 (ITU-R BT.601 weights). */
export function lumaOf({ width, height, data }: Raster): Uint8Array {
  const luma = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += 3) {
    luma[pixel] = ((data[at] as number) * 77 + (data[at + 1] as number) * 150 + (data[at + 2] as number) * 29) >> 8;
  }
  return luma;
}

/** The value below which a share (0-1) of some bytes lies. */
export function quantile(values: Uint8Array, share: number): number {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value] = (counts[value] as number) + 1;
  return countedQuantile(counts, values.length, share);
}

/** The same of `total` bytes of which each value was counted. */
export function countedQuantile(counts: Uint32Array, total: number, share: number): number {
  let below = 0;
  for (let value = 0; value < 256; value++) {
    below += counts[value] as number;
    if (below > share * total) return value;
  }
  return 255;
}

/** 0 at `low`, 1 at `high`, straight between; `low` may be the larger one. */
export function ramp(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}
