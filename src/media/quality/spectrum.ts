/**
 * Power of the two-dimensional Fourier transform of a square plane, its mean taken off and windowed (Hann); row v,
 * column u, frequencies wrapped as usual. `side` is a power of two.
 */
export function powerSpectrum(plane: Float64Array, side: number): Float64Array {
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  const window = Float64Array.from({ length: side }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / side));
  const real = new Float64Array(side * side);
  const imaginary = new Float64Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * side + x;
      real[at] = ((plane[at] ?? 0) - mean) * (window[x] ?? 0) * (window[y] ?? 0);
    }
  }
  for (let y = 0; y < side; y++) transform(real, imaginary, y * side, 1, side);
  for (let x = 0; x < side; x++) transform(real, imaginary, x, side, side);
  return real.map((value, index) => value * value + (imaginary[index] ?? 0) ** 2);
}

/** Radix-2 transform (Cooley-Tukey) in place of `length` values, `stride` apart from `offset`. */
function transform(real: Float64Array, imaginary: Float64Array, offset: number, stride: number, length: number): void {
  for (let index = 1, reversed = 0; index < length; index++) {
    let bit = length >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      swap(real, offset + index * stride, offset + reversed * stride);
      swap(imaginary, offset + index * stride, offset + reversed * stride);
    }
  }
  for (let size = 2; size <= length; size *= 2) {
    const angle = (-2 * Math.PI) / size;
    for (let start = 0; start < length; start += size) {
      for (let step = 0; step < size / 2; step++) {
        const cos = Math.cos(angle * step);
        const sin = Math.sin(angle * step);
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

function swap(values: Float64Array, first: number, second: number): void {
  const kept = values[first] as number;
  values[first] = values[second] as number;
  values[second] = kept;
}
