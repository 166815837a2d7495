import type { Random } from './random.ts';

/** A smooth random function of the plane, about 0 with deviation near 0.25 (value noise, several octaves). */
export function noiseField(random: Random, octaves = 4): (x: number, y: number) => number {
  const size = 64;
  const tables = Array.from({ length: octaves }, () =>
    Float32Array.from({ length: size * size }, () => random.between(-1, 1)),
  );
  return (x, y) => {
    let sum = 0;
    let amplitude = 0.5;
    let [px, py] = [x, y];
    for (const table of tables) {
      const x0 = Math.floor(px);
      const y0 = Math.floor(py);
      const fx = px - x0;
      const fy = py - y0;
      const sx = fx * fx * (3 - 2 * fx);
      const sy = fy * fy * (3 - 2 * fy);
      const row0 = (y0 & 63) * size;
      const row1 = ((y0 + 1) & 63) * size;
      const c0 = x0 & 63;
      const c1 = (x0 + 1) & 63;
      const top = (table[row0 + c0] as number) * (1 - sx) + (table[row0 + c1] as number) * sx;
      const bottom = (table[row1 + c0] as number) * (1 - sx) + (table[row1 + c1] as number) * sx;
      sum += amplitude * (top * (1 - sy) + bottom * sy);
      amplitude *= 0.55;
      px *= 2.03;
      py *= 2.03;
    }
    return sum;
  };
}

const GAUSSIAN_BITS = 14;

/** A source of cheap normal numbers for whole pictures: a table of them, walked in a random order. */
export function gaussianSource(random: Random): () => number {
  const table = Float32Array.from({ length: 1 << GAUSSIAN_BITS }, () => random.gaussian());
  let state = random.integer(1, 0x7fffffff);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return table[(state >>> 4) & ((1 << GAUSSIAN_BITS) - 1)] as number;
  };
}
