/** A plane of values, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The mean of the square of side 2 `radius` + 1 around each value; at the edges of what is there of it. */
export function boxMeans({ width, height, data }: Plane, radius: number): Float32Array {
  const rows = new Float32Array(data.length);
  for (let y = 0; y < height; y++) slideMean(data, rows, { offset: y * width, step: 1, length: width, radius });
  const means = new Float32Array(data.length);
  for (let x = 0; x < width; x++) slideMean(rows, means, { offset: x, step: width, length: height, radius });
  return means;
}

interface Slide {
  readonly offset: number;
  readonly step: number;
  readonly length: number;
  readonly radius: number;
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
