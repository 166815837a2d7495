import type { Plane } from './plane.ts';

/** A plane with what is dark and narrower than 2 `radius` + 1 filled up to what is around it (a grey closing by squares). */
export function closing({ width, height, data }: Plane, radius: number): Float32Array {
  const largest = alongBoth(data, width, height, radius, 1);
  return alongBoth(largest, width, height, radius, -1);
}

/** The largest (`sign` 1) or smallest (-1) value of the square around each value. */
function alongBoth(data: Float32Array, width: number, height: number, radius: number, sign: 1 | -1): Float32Array {
  const rows = new Float32Array(data.length);
  for (let y = 0; y < height; y++) slide(data, rows, { offset: y * width, step: 1, length: width, radius, sign });
  const both = new Float32Array(data.length);
  for (let x = 0; x < width; x++) slide(rows, both, { offset: x, step: width, length: height, radius, sign });
  return both;
}

interface Slide {
  readonly offset: number;
  readonly step: number;
  readonly length: number;
  readonly radius: number;
  readonly sign: 1 | -1;
}

/** One line of it: the queue holds the places whose values may still be the largest, in falling order. */
function slide(from: Float32Array, to: Float32Array, { offset, step, length, radius, sign }: Slide): void {
  const queue = new Int32Array(length);
  let head = 0;
  let tail = 0;
  for (let index = 0; index < length + radius; index++) {
    if (index < length) {
      const value = sign * (from[offset + index * step] as number);
      while (tail > head && sign * (from[offset + (queue[tail - 1] as number) * step] as number) <= value) tail--;
      queue[tail++] = index;
    }
    const place = index - radius;
    if (place < 0) continue;
    while ((queue[head] as number) < place - radius) head++;
    to[offset + place * step] = from[offset + (queue[head] as number) * step] as number;
  }
}
