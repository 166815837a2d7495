import { blendPixel } from './blend-pixel.ts';
import type { Raster } from './raster.ts';

/** Where the columns of a target lie in a source, for maps that keep rows and columns what they are. */
export interface Columns {
  /** Bytes from the beginning of a source's row to the pixel at the left, and from there to the one at the right. */
  readonly left: Int32Array;
  readonly step: Uint8Array;
  /** How far towards the pixel at the right, 0-1. */
  readonly share: Float64Array;
}

/** `scale` and `offset` take a target column's middle to source pixels. */
export function columnsOf(source: Raster, scale: number, offset: number, shrink: number, count: number): Columns {
  const last = source.width - 1;
  const columns = { left: new Int32Array(count), step: new Uint8Array(count), share: new Float64Array(count) };
  for (let x = 0; x < count; x++) {
    const at = (scale * (x + 0.5) + offset) * shrink - 0.5;
    const within = at > 0 ? Math.min(at, last) : 0;
    const left = within | 0;
    columns.left[x] = left * 3;
    columns.step[x] = left < last ? 3 : 0;
    columns.share[x] = within - left;
  }
  return columns;
}

/**
 * Writes one row of a target from the two rows of the source that lie around it, bilinear: the arithmetic of sampleRaster
 * for any map, to the bit, without what is the same for all rows. `row` is the target's first byte, `y` in source pixels.
 */
export function sampleUprightRow(source: Raster, columns: Columns, y: number, output: Uint8Array, row: number): void {
  const { width, height, data } = source;
  const { left, step, share } = columns;
  const last = height - 1;
  const within = y > 0 ? Math.min(y, last) : 0;
  const y0 = within | 0;
  const fy = within - y0;
  const upper = y0 * width * 3;
  const down = y0 < last ? width * 3 : 0;
  let at = row;
  for (let x = 0; x < share.length; x++, at += 3) {
    const fx = share[x] as number;
    const p00 = upper + (left[x] as number);
    const p01 = p00 + (step[x] as number);
    const p10 = p00 + down;
    const p11 = p01 + down;
    blendPixel(data, p00, p01, p10, p11, fx, fy, output, at);
  }
}
