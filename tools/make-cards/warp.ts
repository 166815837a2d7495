import { type Homography, invert, type Pair, project } from './homography.ts';
import type { Raster, RgbaRaster } from './raster.ts';

/** Colour of a point of the object: writes r, g, b and alpha (0-1) into `out`. */
export type Sampler = (x: number, y: number, out: Float32Array) => void;

/** Bilinear sampling; transparent outside. */
export function bilinear(source: RgbaRaster): Sampler {
  const { width, height, data, alpha } = source;
  return (x, y, out) => {
    const left = Math.floor(x - 0.5);
    const top = Math.floor(y - 0.5);
    if (left < -1 || top < -1 || left >= width || top >= height) {
      out[3] = 0;
      return;
    }
    const fx = x - 0.5 - left;
    const fy = y - 0.5 - top;
    if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
      const i = top * width + left;
      const j = i + width;
      if (alpha[i] === 1 && alpha[i + 1] === 1 && alpha[j] === 1 && alpha[j + 1] === 1) {
        const [wa, wb, wc, wd] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
        for (let channel = 0; channel < 3; channel++) {
          const a = 3 * i + channel;
          const c = 3 * j + channel;
          out[channel] =
            wa * (data[a] as number) +
            wb * (data[a + 3] as number) +
            wc * (data[c] as number) +
            wd * (data[c + 3] as number);
        }
        out[3] = 1;
        return;
      }
    }
    let [r, g, b, a] = [0, 0, 0, 0];
    for (let dy = 0; dy < 2; dy++) {
      const yy = top + dy;
      if (yy < 0 || yy >= height) continue;
      for (let dx = 0; dx < 2; dx++) {
        const xx = left + dx;
        if (xx < 0 || xx >= width) continue;
        const i = yy * width + xx;
        const weight = (dx === 1 ? fx : 1 - fx) * (dy === 1 ? fy : 1 - fy) * (alpha[i] as number);
        r += weight * (data[3 * i] as number);
        g += weight * (data[3 * i + 1] as number);
        b += weight * (data[3 * i + 2] as number);
        a += weight;
      }
    }
    out[3] = a;
    if (a === 0) return;
    out[0] = r / a;
    out[1] = g / a;
    out[2] = b / a;
  };
}

/**
 * Paints a flat object into a picture, averaging `grid` x `grid` samples a pixel as a sensor does.
 * `width` and `height` are the object's size in its own pixels.
 */
export function paint(
  target: Raster,
  width: number,
  height: number,
  view: Homography,
  sampler: Sampler,
  grid = 2,
): void {
  const corners: Pair[] = [
    project(view, 0, 0),
    project(view, width, 0),
    project(view, width, height),
    project(view, 0, height),
  ];
  const left = Math.max(0, Math.floor(Math.min(...corners.map(([x]) => x))));
  const right = Math.min(target.width, Math.ceil(Math.max(...corners.map(([x]) => x))));
  const top = Math.max(0, Math.floor(Math.min(...corners.map(([, y]) => y))));
  const bottom = Math.min(target.height, Math.ceil(Math.max(...corners.map(([, y]) => y))));
  const [b0, b1, b2, b3, b4, b5, b6, b7, b8] = invert(view);
  const sample = new Float32Array(4);
  const share = 1 / (grid * grid);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      let [r, g, b, a] = [0, 0, 0, 0];
      for (let sy = 0; sy < grid; sy++) {
        const py = y + (sy + 0.5) / grid;
        for (let sx = 0; sx < grid; sx++) {
          const px = x + (sx + 0.5) / grid;
          const w = b6 * px + b7 * py + b8;
          sampler((b0 * px + b1 * py + b2) / w, (b3 * px + b4 * py + b5) / w, sample);
          const alpha = sample[3] as number;
          if (alpha === 0) continue;
          r += alpha * (sample[0] as number);
          g += alpha * (sample[1] as number);
          b += alpha * (sample[2] as number);
          a += alpha;
        }
      }
      if (a === 0) continue;
      const i = 3 * (y * target.width + x);
      const keep = 1 - a * share;
      target.data[i] = keep * (target.data[i] as number) + r * share;
      target.data[i + 1] = keep * (target.data[i + 1] as number) + g * share;
      target.data[i + 2] = keep * (target.data[i + 2] as number) + b * share;
    }
  }
}
