/**
 * Radix-2 Fourier transform (Cooley-Tukey) in place of `length` complex values (a power of two), `stride` apart from
 * `offset`.
 */
export function transform(
  real: Float64Array,
  imaginary: Float64Array,
  offset: number,
  stride: number,
  length: number,
): void {
  for (let index = 1, reversed = 0; index < length; index++) {
    let bit = length >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      swap(real, offset + index * stride, offset + reversed * stride);
      swap(imaginary, offset + index * stride, offset + reversed * stride);
    }
  }
  const { cosines, sines } = tableOf(length);
  for (let size = 2; size <= length; size *= 2) {
    const turn = length / size;
    for (let step = 0; step < size / 2; step++) {
      const cos = cosines[step * turn] as number;
      const sin = sines[step * turn] as number;
      for (let start = 0; start < length; start += size) {
        const even = offset + (start + step) * stride;
        const odd = even + (size / 2) * stride;
        const re = (real[odd] as number) * cos - (imaginary[odd] as number) * sin;
        const im = (real[odd] as number) * sin + (imaginary[odd] as number) * cos;
        real[odd] = (real[even] as number) - re;
        imaginary[odd] = (imaginary[even] as number) - im;
        real[even] = (real[even] as number) + re;
        imaginary[even] = (imaginary[even] as number) + im;
      }
    }
  }
}

const tables = new Map<number, { cosines: Float64Array; sines: Float64Array }>();

/** The turns of a transform of that length; a handful of lengths is used. */
function tableOf(length: number): { cosines: Float64Array; sines: Float64Array } {
  const known = tables.get(length);
  if (known) return known;
  const turns = Array.from({ length: length / 2 }, (_, index) => (-2 * Math.PI * index) / length);
  const table = { cosines: Float64Array.from(turns, Math.cos), sines: Float64Array.from(turns, Math.sin) };
  tables.set(length, table);
  return table;
}

/** The transform of a plane of `width` x `height` values (powers of two), rows first, in place. */
export function transformPlane(real: Float64Array, imaginary: Float64Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) transform(real, imaginary, y * width, 1, width);
  for (let x = 0; x < width; x++) transform(real, imaginary, x, width, height);
}

function swap(values: Float64Array, first: number, second: number): void {
  const kept = values[first] as number;
  values[first] = values[second] as number;
  values[second] = kept;
}
