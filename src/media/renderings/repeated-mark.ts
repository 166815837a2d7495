import type { Repeat } from './find-repeats.ts';
import { boxMeans, type Plane, valueBetween } from './plane.ts';

/** Nothing so faint is a mark. */
const FAINT = 0.06;
/** A place is repeated there if it is like its repeat at least so much. */
const LEAST_LOCAL = 0.25;
/** Side of the square in which a repeat is held against the place, as a share of the width: two or three letters. */
const LOCAL_SHARE = 0.03;
/** At least so many repeats tell what lies over a place. */
const LEAST_SAMPLES = 2;

/** The strokes of a picture at a `factor` smaller size. */
export interface SmallStrokes {
  readonly strokes: Plane;
  readonly factor: number;
}

/**
 * How dark the mark that is repeated all over a picture makes each place, 0-1: as dark as the places commonly are that it
 * is repeated at, and no darker than the place is.
 * The first plane is the picture's darkness, 0-1.
 */
export function repeatedMark(
  plane: Plane,
  { strokes: small, factor }: SmallStrokes,
  repeats: readonly Repeat[],
): Float32Array {
  const { width, height, data } = plane;
  const moves = repeats.flatMap(({ x, y }) => [
    { x, y },
    { x: -x, y: -y },
  ]);
  const places = moves.map(({ x, y }) => ({
    x,
    y,
    like: placesAlike(small, Math.round(x / factor), Math.round(y / factor)),
  }));
  const mark = new Float32Array(width * height);
  const samples = new Float32Array(moves.length);
  for (let y = 0, at = 0; y < height; y++) {
    const smallRow = Math.min(small.height - 1, Math.floor(y / factor)) * small.width;
    for (let x = 0; x < width; x++, at++) {
      const own = data[at] as number;
      if (own < FAINT) continue;
      const place = smallRow + Math.min(small.width - 1, Math.floor(x / factor));
      let count = 0;
      for (const { x: moveX, y: moveY, like } of places) {
        if (like[place] !== 1) continue;
        const [u, v] = [x + moveX, y + moveY];
        if (u < 0 || v < 0 || u >= width - 1 || v >= height - 1) continue;
        samples[count++] = valueBetween(plane, u, v);
      }
      if (count < LEAST_SAMPLES) continue;
      const sorted = samples.subarray(0, count).sort();
      mark[at] = Math.min(own, sorted[(count - 1) >> 1] as number);
    }
  }
  return mark;
}

/** 1 for each place that is like the one that lies so far from it. */
function placesAlike({ width, height, data }: Plane, moveX: number, moveY: number): Uint8Array {
  const products = new Float32Array(width * height);
  const own = new Float32Array(width * height);
  const others = new Float32Array(width * height);
  for (let y = Math.max(0, -moveY); y < Math.min(height, height - moveY); y++) {
    for (let x = Math.max(0, -moveX); x < Math.min(width, width - moveX); x++) {
      const at = y * width + x;
      const [here, there] = [data[at] as number, data[at + moveY * width + moveX] as number];
      products[at] = here * there;
      own[at] = here * here;
      others[at] = there * there;
    }
  }
  const radius = Math.max(2, Math.round((LOCAL_SHARE * width) / 2));
  const [product, energy, other] = [products, own, others].map((plane) =>
    boxMeans({ width, height, data: plane }, radius),
  );
  return Uint8Array.from(product as Float32Array, (value, at) =>
    value > LEAST_LOCAL * Math.sqrt(((energy as Float32Array)[at] as number) * ((other as Float32Array)[at] as number))
      ? 1
      : 0,
  );
}
