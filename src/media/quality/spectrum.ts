import { transformPlane } from '../fourier.ts';

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
  transformPlane(real, imaginary, side, side);
  return real.map((value, index) => value * value + (imaginary[index] ?? 0) ** 2);
}
