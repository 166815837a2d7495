import { transformPlane } from '../fourier.ts';
import type { EdgeBox } from '../raster.ts';

/** Side of the squares that are filtered at a time, and their rim that is thrown away (it sees the square's edge). */
export const TILE = 256;
const RIM = 32;

/**
 * Filters a plane of bytes in the frequency domain, square by square where one of the boxes lies; the rest stays as it was.
 * `filter` gets the transform of two squares at once, one in the real part and one in the imaginary part, and changes it
 * in place: what it multiplies by must be the transform of something real.
 */
export function filterTiles(
  plane: Uint8Array,
  width: number,
  height: number,
  boxes: readonly EdgeBox[],
  filter: (real: Float64Array, imaginary: Float64Array) => void,
): Uint8Array {
  const filtered = plane.slice();
  const core = TILE - 2 * RIM;
  const tiles: { x: number; y: number }[] = [];
  for (let y = 0; y < height; y += core) {
    for (let x = 0; x < width; x += core) {
      const wanted = boxes.some(
        ({ left, top, right, bottom }) => left < x + core && right > x && top < y + core && bottom > y,
      );
      if (wanted) tiles.push({ x, y });
    }
  }
  for (let index = 0; index < tiles.length; index += 2) {
    const first = tiles[index];
    if (!first) continue;
    const second = tiles[index + 1] ?? first;
    const real = cutTile(plane, width, height, first);
    const imaginary = cutTile(plane, width, height, second);
    transformPlane(real.values, imaginary.values, TILE, TILE);
    filter(real.values, imaginary.values);
    // The inverse transform by the forward one: real and imaginary parts exchanged.
    transformPlane(imaginary.values, real.values, TILE, TILE);
    putTile(filtered, width, height, first, real);
    putTile(filtered, width, height, second, imaginary);
  }
  return filtered;
}

interface Tile {
  readonly values: Float64Array;
  readonly mean: number;
}

function cutTile(luma: Uint8Array, width: number, height: number, { x, y }: { x: number; y: number }): Tile {
  const values = new Float64Array(TILE * TILE);
  let sum = 0;
  for (let row = 0, at = 0; row < TILE; row++) {
    const from = Math.min(height - 1, Math.max(0, y - RIM + row)) * width;
    for (let column = 0; column < TILE; column++, at++) {
      const value = luma[from + Math.min(width - 1, Math.max(0, x - RIM + column))] as number;
      values[at] = value;
      sum += value;
    }
  }
  const mean = sum / values.length;
  for (let row = 0, at = 0; row < TILE; row++) {
    for (let column = 0; column < TILE; column++, at++) {
      values[at] = ((values[at] as number) - mean) * (FADE[row] as number) * (FADE[column] as number);
    }
  }
  return { values, mean };
}

/** Fades a tile's rim out, so that its opposite edges meet. */
const FADE = Float64Array.from({ length: TILE }, (_, index) => {
  const inside = Math.min(index, TILE - 1 - index);
  return inside >= RIM / 2 ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (inside + 0.5)) / (RIM / 2));
});

function putTile(
  target: Uint8Array,
  width: number,
  height: number,
  { x, y }: { x: number; y: number },
  { values, mean }: Tile,
): void {
  const scale = 1 / (TILE * TILE);
  for (let row = RIM; row < TILE - RIM && y + row - RIM < height; row++) {
    const to = (y + row - RIM) * width;
    for (let column = RIM; column < TILE - RIM && x + column - RIM < width; column++) {
      const value = (values[row * TILE + column] as number) * scale + mean;
      target[to + x + column - RIM] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    }
  }
}
