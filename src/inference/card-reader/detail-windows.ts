import type { PixelBox } from '../../media/orientation.ts';
import { lumaOf, quantile } from '../../media/quality/luma.ts';
import type { Raster } from '../../media/raster.ts';
import { CARD_RATIO } from './card-frame.ts';

/** Side of a cell of the map of fine detail, pixels. */
const CELL = 16;
/** Widths of the windows that are tried, cells: from a card of about 220 pixels on, each by this factor larger. */
const LEAST_WIDTH = 14;
const GROWTH = 1.3;
/** The largest window, as a share of the picture's shorter side over its longer one: larger cards are seen at once. */
const MOST_SHARE = 0.75;
/** A step of brightness that counts as an edge: this share of the picture's range, and at least so many levels. */
const EDGE_SHARE = 0.1;
const LEAST_EDGE = 10;
/** Share of edge pixels from which a cell is full of print. */
const FULL_CELL = 0.35;
/** Windows that share more than this of the smaller one show the same. */
const SAME = 0.3;
const LEAST_SCORE = 0.08;

/**
 * Places where fine detail fills the form of a card (lying or standing) and its surroundings hold less of it, best
 * first, in pixels: where to look closer for a card that is too small to be seen in the whole picture.
 */
export function findDetailWindows(picture: Raster, most: number): PixelBox[] {
  const map = detailMap(picture);
  const windows: { box: PixelBox; score: number }[] = [];
  const largest = MOST_SHARE * Math.max(map.columns, map.rows);
  for (let long = LEAST_WIDTH; long < largest; long *= GROWTH) {
    for (const [width, height] of [
      [Math.round(long), Math.round(long / CARD_RATIO)],
      [Math.round(long / CARD_RATIO), Math.round(long)],
    ] as const) {
      const step = Math.max(1, Math.round(Math.min(width, height) / 6));
      for (let top = 0; top + height <= map.rows; top += step) {
        for (let left = 0; left + width <= map.columns; left += step) {
          const score = scoreOf(map, left, top, width, height);
          // A part of a card is fuller than the whole: of two windows the larger one counts more.
          if (score >= LEAST_SCORE) windows.push({ box: { left, top, width, height }, score: score * Math.sqrt(long) });
        }
      }
    }
  }
  windows.sort((p, q) => q.score - p.score);
  const chosen: PixelBox[] = [];
  for (const { box } of windows) {
    if (chosen.length >= most) break;
    if (chosen.every((other) => sharedArea(box, other) < SAME * Math.min(areaOf(box), areaOf(other)))) chosen.push(box);
  }
  return chosen.map(({ left, top, width, height }) => ({
    left: left * CELL,
    top: top * CELL,
    width: width * CELL,
    height: height * CELL,
  }));
}

/** Sums of the cells' detail (0-1 each) above and left of every corner of the grid. */
interface DetailMap {
  readonly columns: number;
  readonly rows: number;
  readonly sums: Float64Array;
}

function detailMap(picture: Raster): DetailMap {
  const { width, height } = picture;
  const luma = lumaOf(picture);
  const edge = Math.max(LEAST_EDGE, EDGE_SHARE * (quantile(luma, 0.98) - quantile(luma, 0.02)));
  const columns = Math.floor(width / CELL);
  const rows = Math.floor(height / CELL);
  const counts = new Uint32Array(columns * rows);
  for (let y = 0; y < rows * CELL - 1; y++) {
    const row = Math.floor(y / CELL) * columns;
    for (let x = 0, at = y * width; x < columns * CELL - 1; x++, at++) {
      const here = luma[at] as number;
      const across = Math.abs(here - (luma[at + 1] as number));
      const down = Math.abs(here - (luma[at + width] as number));
      if (across > edge || down > edge) {
        const cell = row + ((x / CELL) | 0);
        counts[cell] = (counts[cell] as number) + 1;
      }
    }
  }
  const sums = new Float64Array((columns + 1) * (rows + 1));
  for (let y = 0; y < rows; y++) {
    let line = 0;
    for (let x = 0; x < columns; x++) {
      line += Math.min(1, (counts[y * columns + x] as number) / (CELL * CELL * FULL_CELL));
      sums[(y + 1) * (columns + 1) + x + 1] = (sums[y * (columns + 1) + x + 1] as number) + line;
    }
  }
  return { columns, rows, sums };
}

/** Mean detail inside, less that of a frame around. */
function scoreOf(map: DetailMap, left: number, top: number, width: number, height: number): number {
  const inside = sumOf(map, left, top, left + width, top + height);
  const rim = Math.max(2, Math.round(Math.min(width, height) / 4));
  const [l, t] = [Math.max(0, left - rim), Math.max(0, top - rim)];
  const [r, b] = [Math.min(map.columns, left + width + rim), Math.min(map.rows, top + height + rim)];
  const around = sumOf(map, l, t, r, b) - inside;
  const area = width * height;
  const frame = (r - l) * (b - t) - area;
  return inside / area - (frame > 0 ? around / frame : 0);
}

function sumOf({ columns, sums }: DetailMap, left: number, top: number, right: number, bottom: number): number {
  const at = (x: number, y: number): number => sums[y * (columns + 1) + x] as number;
  return at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top);
}

function areaOf({ width, height }: PixelBox): number {
  return width * height;
}

function sharedArea(first: PixelBox, second: PixelBox): number {
  const across = Math.min(first.left + first.width, second.left + second.width) - Math.max(first.left, second.left);
  const down = Math.min(first.top + first.height, second.top + second.height) - Math.max(first.top, second.top);
  return Math.max(0, across) * Math.max(0, down);
}
