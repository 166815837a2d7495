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
function whiteOfCells(picture: Raster, cell: number): WhiteOfCells {
  const columns = Math.max(1, Math.ceil(picture.width / cell));
  const rows = Math.max(1, Math.ceil(picture.height / cell));
  const channels = [0, 1, 2].map((channel) => {
    const own = new Float32Array(columns * rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const white = whiteOf(picture, channel, column * cell, row * cell, cell);
        own[row * columns + column] = Math.max(LEAST_WHITE, white);
      }
    }
    return atLeastMiddle(own, columns, rows);
  });
  return { columns, rows, channels };
}

/** One channel's high quantile in a cell, of every second pixel in every second row. */
function whiteOf({ data, height, width }: Raster, channel: number, left: number, top: number, cell: number): number {
  const right = Math.min(width, left + cell);
  const bottom = Math.min(height, top + cell);
  COUNTS.fill(0);
  let total = 0;
  for (let y = top; y < bottom; y += 2) {
    for (let x = left; x < right; x += 2, total++) {
      const value = data[(y * width + x) * 3 + channel] as number;
      COUNTS[value] = (COUNTS[value] as number) + 1;
    }
  }
  // From the bright end, where it lies.
  let below = total - (COUNTS[255] as number);
  let value = 255;
  while (value > 0 && below > WHITE_QUANTILE * total) {
    value--;
    below -= COUNTS[value] as number;
  }
  return Math.min(255, value + 1);
}

const COUNTS = new Uint16Array(256);

/** Each cell's value, at least the middle one of those around it. */
function atLeastMiddle(own: Float32Array, columns: number, rows: number): Float32Array {
  const whites = new Float32Array(own.length);
  const around = new Float32Array(9);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      let count = 0;
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++, count++) {
          const value = own[y * columns + x] as number;
          let place = count;
          for (; place > 0 && (around[place - 1] as number) > value; place--)
            around[place] = around[place - 1] as number;
          around[place] = value;
        }
      }
      whites[index] = Math.max(own[index] as number, around[count >> 1] as number);
    }
  }
  return whites;
}
