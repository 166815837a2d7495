import type { Raster } from '../../media/raster.ts';

/** What a byte of a picture is in a tensor. */
const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

/**
 * Writes a picture as a planar float image in -1..1, blue plane first: the form and colour order in which PP-OCR was
 * trained. `rowLength` is the width of the tensor's rows, `planeLength` of its planes; the rest keeps what it was
 * (0, a middle grey, is PP-OCR's padding).
 */
export function writePlanes(
  raster: Raster,
  target: Float32Array,
  offset: number,
  rowLength: number,
  planeLength: number,
): void {
  const { width, height, data } = raster;
  let from = 0;
  for (let y = 0; y < height; y++) {
    let blue = offset + y * rowLength;
    let green = blue + planeLength;
    let red = green + planeLength;
    for (let x = 0; x < width; x++, from += 3) {
      target[red++] = LEVELS[data[from] as number] as number;
      target[green++] = LEVELS[data[from + 1] as number] as number;
      target[blue++] = LEVELS[data[from + 2] as number] as number;
    }
  }
}
