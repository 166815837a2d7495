import { median } from '../../text-lines/median.ts';
import type { Raster } from '../raster.ts';

/** Side of the cells that the local white is measured in, as a share of the picture's width; about a line's height. */
const CELL_SHARE = 1 / 56;
/** Share of a cell's pixels that are darker than its white. */
const WHITE_QUANTILE = 0.85;
/** No white is darker than this: what lies in the dark stays so. */
const LEAST_WHITE = 24;

/** What each pixel of a picture would be without ink: red, green and blue, 0-255, in the picture's order. */
export function localWhite(picture: Raster): Float32Array {
  const { width, height } = picture;
  const cell = Math.max(8, Math.round(width * CELL_SHARE));
  const white = whiteOfCells(picture, cell);
  const lastColumn = white.columns - 1;
  const lastRow = white.rows - 1;
  const values = new Float32Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    const v = Math.min(lastRow, Math.max(0, (y + 0.5) / cell - 0.5));
    const row = Math.floor(v);
    const fy = v - row;
    const upper = row * white.columns;
    const lower = Math.min(lastRow, row + 1) * white.columns;
    for (let x = 0; x < width; x++) {
      const u = Math.min(lastColumn, Math.max(0, (x + 0.5) / cell - 0.5));
      const column = u | 0;
      const fx = u - column;
      const next = column < lastColumn ? column + 1 : column;
      for (let channel = 0; channel < 3; channel++, at++) {
        const cells = white.channels[channel] as Float32Array;
        const above = (cells[upper + column] as number) * (1 - fx) + (cells[upper + next] as number) * fx;
        const below = (cells[lower + column] as number) * (1 - fx) + (cells[lower + next] as number) * fx;
        values[at] = above + (below - above) * fy;
      }
    }
  }
  return values;
}

interface WhiteOfCells {
  readonly columns: number;
  readonly rows: number;
  /** Red, green and blue of each cell's white. */
  readonly channels: readonly Float32Array[];
}

/** The white of each cell: a high quantile, at least the middle one of its neighbours' where print or a photo fills it. */
function whiteOfCells({ width, height, data }: Raster, cell: number): WhiteOfCells {
  const columns = Math.max(1, Math.ceil(width / cell));
  const rows = Math.max(1, Math.ceil(height / cell));
  const counts = new Uint16Array(256);
  const channels = [0, 1, 2].map((channel) => {
    const own = new Float32Array(columns * rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        counts.fill(0);
        let total = 0;
        for (let y = row * cell; y < Math.min(height, (row + 1) * cell); y += 2) {
          for (let x = column * cell; x < Math.min(width, (column + 1) * cell); x += 2, total++) {
            const value = data[(y * width + x) * 3 + channel] as number;
            counts[value] = (counts[value] as number) + 1;
          }
        }
        let below = 0;
        let value = 0;
        for (; value < 255 && below <= WHITE_QUANTILE * total; value++) below += counts[value] as number;
        own[row * columns + column] = Math.max(LEAST_WHITE, value);
      }
    }
    return atLeastMiddle(own, columns, rows);
  });
  return { columns, rows, channels };
}

/** Each cell's value, at least the middle one of those around it. */
function atLeastMiddle(own: Float32Array, columns: number, rows: number): Float32Array {
  return own.map((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const around: number[] = [];
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
        around.push(own[y * columns + x] as number);
      }
    }
    return Math.max(value, median(around));
  });
}
