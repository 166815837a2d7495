import type { Raster } from '../raster.ts';
import { brightestChannel } from './brightest-channel.ts';

/** Against the local white: ink below the first stays black, what is above the second becomes white. */
const BLACK = 0.25;
const WHITE = 0.62;
/** Side of the cells that the local white is measured in, as a share of the picture's width; about a line's height. */
const CELL_SHARE = 1 / 56;
/** Share of a cell's pixels that are darker than its white. */
const WHITE_QUANTILE = 0.85;
/** No white is darker than this: what lies in the dark stays so. */
const LEAST_WHITE = 24;

/**
 * The black print of a card alone: the brightest channel against the local white, through a tone curve. Coloured stamps,
 * grey words written across and the background's pattern become white. The edge of a hard shadow may leave a line.
 */
export function inkAlone(picture: Raster): Raster {
  const bright = brightestChannel(picture);
  const { width, height, data } = bright;
  const cell = Math.max(8, Math.round(width * CELL_SHARE));
  const white = localWhite(bright, cell);
  const curve = toneCurve();
  const lastColumn = white.columns - 1;
  const lastRow = white.rows - 1;
  for (let y = 0, at = 0; y < height; y++) {
    const v = Math.min(lastRow, Math.max(0, (y + 0.5) / cell - 0.5));
    const row = Math.floor(v);
    const fy = v - row;
    const upper = row * white.columns;
    const lower = Math.min(lastRow, row + 1) * white.columns;
    for (let x = 0; x < width; x++, at += 3) {
      const u = Math.min(lastColumn, Math.max(0, (x + 0.5) / cell - 0.5));
      const column = u | 0;
      const fx = u - column;
      const next = column < lastColumn ? column + 1 : column;
      const above = (white.values[upper + column] as number) * (1 - fx) + (white.values[upper + next] as number) * fx;
      const below = (white.values[lower + column] as number) * (1 - fx) + (white.values[lower + next] as number) * fx;
      const share = (data[at] as number) / (above + (below - above) * fy);
      const tone = curve[share >= 1 ? 255 : (share * 255) | 0] as number;
      data[at] = tone;
      data[at + 1] = tone;
      data[at + 2] = tone;
    }
  }
  return bright;
}

/** By 255ths of the local white. */
function toneCurve(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, index) => {
    const t = Math.min(1, Math.max(0, (index / 255 - BLACK) / (WHITE - BLACK)));
    return Math.round(255 * t * t * (3 - 2 * t));
  });
}

interface LocalWhite {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float32Array;
}

/** The white of each cell: a high quantile, at least the middle one of its neighbours' where print or a photo fills it. */
function localWhite({ width, height, data }: Raster, cell: number): LocalWhite {
  const columns = Math.max(1, Math.ceil(width / cell));
  const rows = Math.max(1, Math.ceil(height / cell));
  const own = new Float32Array(columns * rows);
  const counts = new Uint16Array(256);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      counts.fill(0);
      let total = 0;
      for (let y = row * cell; y < Math.min(height, (row + 1) * cell); y += 2) {
        for (let x = column * cell; x < Math.min(width, (column + 1) * cell); x += 2, total++) {
          const value = data[(y * width + x) * 3] as number;
          counts[value] = (counts[value] as number) + 1;
        }
      }
      let below = 0;
      let value = 0;
      for (; value < 255 && below <= WHITE_QUANTILE * total; value++) below += counts[value] as number;
      own[row * columns + column] = Math.max(LEAST_WHITE, value);
    }
  }
  const values = new Float32Array(own.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const around: number[] = [];
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          around.push(own[y * columns + x] as number);
        }
      }
      around.sort((p, q) => p - q);
      values[row * columns + column] = Math.max(
        own[row * columns + column] as number,
        around[around.length >> 1] as number,
      );
    }
  }
  return { columns, rows, values };
}
