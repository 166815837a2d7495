import { transform } from '../fourier.ts';

/**
 * Power of the two-dimensional Fourier transform of a square plane, its mean taken off and windowed (Hann); row v,
 * column u, frequencies wrapped as usual. Columns beyond the middle, which mirror those before it, are left out as
 * noughts. `side` is a power of two.
 */
export function powerSpectrum(plane: Float64Array, side: number): Float64Array {
  let sum = 0;
  for (let at = 0; at < plane.length; at++) sum += plane[at] as number;
  const mean = sum / plane.length;
  const window = Float64Array.from({ length: side }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / side));
  const real = new Float64Array(side * side);
  const imaginary = new Float64Array(side * side);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at++) {
      real[at] = ((plane[at] as number) - mean) * (window[x] as number) * (window[y] as number);
    }
  }
  for (let y = 0; y < side; y++) transform(real, imaginary, y * side, 1, side);
  for (let x = 0; x <= side / 2; x++) transform(real, imaginary, x, side, side);
  const power = new Float64Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let at = y * side; at <= y * side + side / 2; at++) {
      power[at] = (real[at] as number) ** 2 + (imaginary[at] as number) ** 2;
    }
  }
  return power;
}
