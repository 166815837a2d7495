/** A plane of values, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A row or column of a plane, and how far around each of its values is looked. */
export interface Slide {
  readonly offset: number;
  readonly step: number;
  readonly length: number;
  readonly radius: number;
}

/** What `slide` makes of the values around each one, along the rows and then along the columns of its result. */
export function slideBoth(
  { width, height, data }: Plane,
  radius: number,
  slide: (from: Float32Array, to: Float32Array, line: Slide) => void,
): Float32Array {
  const rows = new Float32Array(data.length);
  for (let y = 0; y < height; y++) slide(data, rows, { offset: y * width, step: 1, length: width, radius });
  const both = new Float32Array(data.length);
  for (let x = 0; x < width; x++) slide(rows, both, { offset: x, step: width, length: height, radius });
  return both;
}

/** The mean of the square of side 2 `radius` + 1 around each value; at the edges of what is there of it. */
export function boxMeans(plane: Plane, radius: number): Float32Array {
  return slideBoth(plane, radius, slideMean);
}

function slideMean(from: Float32Array, to: Float32Array, { offset, step, length, radius }: Slide): void {
  let sum = 0;
  for (let index = 0; index < Math.min(radius, length); index++) sum += from[offset + index * step] as number;
  for (let index = 0; index < length; index++) {
    if (index + radius < length) sum += from[offset + (index + radius) * step] as number;
    if (index > radius) sum -= from[offset + (index - radius - 1) * step] as number;
    const count = Math.min(length - 1, index + radius) - Math.max(0, index - radius) + 1;
    to[offset + index * step] = sum / count;
  }
}

/** The value between the four places of a plane around a point of it: nought each way is the first place. */
export function valueBetween({ width, height, data }: Plane, x: number, y: number): number {
  const column = Math.min(width - 2, Math.floor(x));
  const row = Math.min(height - 2, Math.floor(y));
  const at = row * width + column;
  const share = x - column;
  const above = (data[at] as number) * (1 - share) + (data[at + 1] as number) * share;
  const below = (data[at + width] as number) * (1 - share) + (data[at + width + 1] as number) * share;
  return above + (below - above) * (y - row);
}

/** A plane at half its size, by the means of 2 x 2 values (an odd last row or column is dropped). */
export function halvePlane({ width, height, data }: Plane): Plane {
  const [columns, rows] = [width >> 1, height >> 1];
  const half = new Float32Array(columns * rows);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0, from = 2 * y * width; x < columns; x++, at++, from += 2) {
      const upper = (data[from] as number) + (data[from + 1] as number);
      const lower = (data[from + width] as number) + (data[from + width + 1] as number);
      half[at] = (upper + lower) / 4;
    }
  }
  return { width: columns, height: rows, data: half };
}
