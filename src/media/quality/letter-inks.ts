import { partOfRaster, type Raster } from '../raster.ts';
import { countedQuantile, lumaOf, quantile } from './luma.ts';

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
  const counted = bands.map(countChannels);
  return bands.map((band, index) => {
    const around = counted.slice(Math.max(0, index - AROUND), index + AROUND + 1);
    const paper = [0, 1, 2].map((channel) => Math.max(1, paperOf(around, channel)));
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
function columnsOf(line: Raster, from: number, to: number): Raster {
  const left = Math.min(line.width - 1, Math.max(0, Math.floor(from)));
  const right = Math.min(line.width, Math.max(left + 1, Math.ceil(to)));
  return partOfRaster(line, { left, top: 0, right, bottom: line.height });
}

/** How often each level occurs in each channel of a picture. */
interface ChannelCounts {
  readonly channels: readonly Uint32Array[];
  readonly pixels: number;
}

function countChannels({ data, height, width }: Raster): ChannelCounts {
  const [red, green, blue] = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  for (let at = 0; at < data.length; at += 3) {
    count(red, data[at] as number);
    count(green, data[at + 1] as number);
    count(blue, data[at + 2] as number);
  }
  return { channels: [red, green, blue], pixels: width * height };
}

function count(levels: Uint32Array, level: number): void {
  levels[level] = (levels[level] as number) + 1;
}

/** The paper's level of one channel around a letter. */
function paperOf(around: readonly ChannelCounts[], channel: number): number {
  const sum = new Uint32Array(256);
  let pixels = 0;
  for (const counts of around) {
    pixels += counts.pixels;
    const levels = counts.channels[channel] as Uint32Array;
    for (let level = 0; level < 256; level++) sum[level] = (sum[level] as number) + (levels[level] as number);
  }
  return countedQuantile(sum, pixels, PAPER);
}

/** The mean colour of a band's darkest pixels. */
function strokesOf(band: Raster): number[] {
  const luma = lumaOf(band);
  const darkest = quantile(luma, STROKES);
  let [red, green, blue, strokes] = [0, 0, 0, 0];
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += 3) {
    if ((luma[pixel] as number) > darkest) continue;
    strokes++;
    red += band.data[at] as number;
    green += band.data[at + 1] as number;
    blue += band.data[at + 2] as number;
  }
  return [red, green, blue].map((sum) => sum / Math.max(1, strokes));
}
