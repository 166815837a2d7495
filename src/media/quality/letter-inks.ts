import type { Raster } from '../raster.ts';
import { lumaOf, quantile } from './luma.ts';

/** The ink of one letter against the paper around it. */
export interface LetterInk {
  /** How dark it is: the mean of its channels' densities (natural logarithm of paper by ink). */
  readonly density: number;
  /** How coloured it is: 0 for grey and black, 1 where a channel is not dimmed at all. */
  readonly colour: number;
  /** Brightness of the paper around it, 0-255. */
  readonly paper: number;
}

/** The lighter parts are paper, the darkest ones a letter's strokes. */
const PAPER = 0.85;
const STROKES = 0.1;
/** Letters at each side whose paper counts with a letter's own. */
const AROUND = 2;

/**
 * The inks of a line's letters, by their darkest pixels: where a stamp's stroke lies over a black letter, they are the
 * letter's. `edges` are where the letters begin and end in the upright picture of the line, pixels, one more than letters.
 */
export function letterInks(line: Raster, edges: readonly number[]): LetterInk[] {
  const bands = edges.slice(1).map((end, index) => columnsOf(line, edges[index] ?? 0, end));
  return bands.map((band, index) => {
    const around = join(bands.slice(Math.max(0, index - AROUND), index + AROUND + 1));
    const paper = [0, 1, 2].map((channel) => Math.max(1, quantile(channelOf(around, channel), PAPER)));
    const ink = strokesOf(band);
    const densities = paper.map((level, channel) => Math.max(0, Math.log(level / Math.max(1, ink[channel] ?? level))));
    const most = Math.max(...densities);
    return {
      density: densities.reduce((sum, density) => sum + density, 0) / densities.length,
      colour: most > 0 ? 1 - Math.min(...densities) / most : 0,
      paper: paper.reduce((sum, level) => sum + level, 0) / paper.length,
    };
  });
}

/** The columns of a picture from one place to another, at least one. */
function columnsOf({ data, height, width }: Raster, from: number, to: number): Raster {
  const left = Math.min(width - 1, Math.max(0, Math.floor(from)));
  const right = Math.min(width, Math.max(left + 1, Math.ceil(to)));
  const columns = new Uint8Array((right - left) * height * 3);
  for (let y = 0; y < height; y++) {
    columns.set(data.subarray((y * width + left) * 3, (y * width + right) * 3), y * (right - left) * 3);
  }
  return { width: right - left, height, data: columns };
}

function join(bands: readonly Raster[]): Uint8Array {
  const data = new Uint8Array(bands.reduce((sum, band) => sum + band.data.length, 0));
  let at = 0;
  for (const band of bands) {
    data.set(band.data, at);
    at += band.data.length;
  }
  return data;
}

function channelOf(data: Uint8Array, channel: number): Uint8Array {
  return data.filter((_, at) => at % 3 === channel);
}

/** The mean colour of a band's darkest pixels. */
function strokesOf(band: Raster): number[] {
  const luma = lumaOf(band);
  const darkest = quantile(luma, STROKES);
  const sums = [0, 0, 0];
  let count = 0;
  for (const [pixel, level] of luma.entries()) {
    if (level > darkest) continue;
    count++;
    for (const channel of [0, 1, 2]) sums[channel] = (sums[channel] ?? 0) + (band.data[3 * pixel + channel] ?? 0);
  }
  return sums.map((sum) => sum / Math.max(1, count));
}
