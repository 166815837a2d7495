import type { Raster } from '../raster.ts';

/**
 * Every pixel as bright as its brightest channel: print is dark in all of them, while coloured ink and the sub-pixels of
 * a screen are bright in one.
 */
export function brightestChannel({ width, height, data }: Raster): Raster {
  const grey = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const most = Math.max(data[at] as number, data[at + 1] as number, data[at + 2] as number);
    grey[at] = most;
    grey[at + 1] = most;
    grey[at + 2] = most;
  }
  return { width, height, data: grey };
}
