import { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import type { Homography } from '../../text-lines/homography.ts';
import { median } from '../../text-lines/median.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import { INDENTED, type Rectangle } from './card-frame.ts';
import { findLabelHits } from './label-hits.ts';

/** From where labels begin to where values do (their colons, mostly), in heights of the card. */
const COLUMN = 0.345;
/** Rows that have to tell it. */
const LEAST_ROWS = 4;
/** They agree within this share, and this share of all rows does: under a stamp some lack the beginning of their value. */
const AGREEING = 0.1;
const MOST_ROWS = 0.7;
/** A value stands in its label's row, within this share of the line's height. */
const SAME_ROW = 0.5;

/**
 * How much wider a card is than its height tells, judged by the distance of its columns: 1 as it is printed, 2 where a
 * picture was stretched to twice its width, 0.5 to twice its height. Null where too few rows tell. `lines` and frame are on
 * an upright page.
 */
export function stretchOf(lines: readonly TextLine[], frame: Rectangle): number | null {
  const hits = findLabelHits(lines);
  const labels = new Set(hits.map(({ line }) => line));
  const height = frame.bottom - frame.top;
  const columns = hits.flatMap(({ label, line }) => {
    if (INDENTED.has(label) || label === 'nik') return [];
    const own = edgesOf(line.quad);
    const beside = lines
      .filter((other) => !labels.has(other))
      .map(({ quad }) => edgesOf(quad))
      .filter(({ left, middle }) => left > own.left && Math.abs(middle - own.middle) < SAME_ROW * own.height);
    if (beside.length === 0) return [];
    return [(Math.min(...beside.map(({ left }) => left)) - own.left) / height];
  });
  const middle = median(columns);
  const agreeing = columns.filter((column) => Math.abs(column - middle) < AGREEING * middle).length;
  return agreeing < Math.max(LEAST_ROWS, MOST_ROWS * columns.length) ? null : middle / COLUMN;
}

/** Pixels of a picture at most, after it was made higher or wider. */
const MOST_PIXELS = 2560 * 1920;

/**
 * A picture whose text runs along `angle` (radians) and is `stretch` times too wide, in its own form: made longer the other
 * way, so that nothing of it is lost. `toImage` leads back to the pixels of the one that was given.
 */
export function unstretch(
  picture: RasterPyramid,
  stretch: number,
  angle: number,
  mostPixels = MOST_PIXELS,
): { readonly picture: RasterPyramid; readonly toImage: Homography } {
  const { width, height } = picture.base;
  const isUpright = Math.abs(Math.sin(angle)) < Math.SQRT1_2;
  const tooWide = isUpright ? stretch : 1 / stretch;
  const longer = { width: width * Math.max(1, 1 / tooWide), height: height * Math.max(1, tooWide) };
  const scale = Math.min(1, Math.sqrt(mostPixels / (longer.width * longer.height)));
  const size = { width: Math.round(longer.width * scale), height: Math.round(longer.height * scale) };
  const toImage: Homography = [width / size.width, 0, 0, 0, height / size.height, 0, 0, 0, 1];
  return { picture: new RasterPyramid(sampleRaster(picture, toImage, size.width, size.height)), toImage };
}

function edgesOf([topLeft, topRight, bottomRight, bottomLeft]: Quad) {
  return {
    left: (topLeft.x + bottomLeft.x) / 2,
    middle: (topLeft.y + topRight.y + bottomRight.y + bottomLeft.y) / 4,
    height: bottomLeft.y - topLeft.y,
  };
}
