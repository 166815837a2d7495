import { type Plane, type Slide, slideBoth } from './plane.ts';

/** A plane with what is dark and narrower than 2 `radius` + 1 filled up to what is around it (a grey closing by squares). */
export function closing(plane: Plane, radius: number): Float32Array {
  const largest = { ...plane, data: slideBoth(plane, radius, slideMost(1)) };
  return slideBoth(largest, radius, slideMost(-1));
}

/** Gives the largest (`sign` 1) or smallest (-1) values: the queue holds the places that may still be it, in falling order. */
function slideMost(sign: 1 | -1): (from: Float32Array, to: Float32Array, line: Slide) => void {
  return (from, to, { length, offset, radius, step }) => {
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
  };
}
