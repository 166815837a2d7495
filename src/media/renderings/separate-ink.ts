import type { Raster } from '../raster.ts';

/** Side of the cells that the local white is measured in, as a share of the picture's width; about a line's height. */
const CELL_SHARE = 1 / 56;
/** Share of a cell's pixels that are darker than its white. */
const WHITE_QUANTILE = 0.85;
/** No white is darker than this: what lies in the dark stays so. */
const LEAST_WHITE = 24;
/**
 * Ink that is thin takes its own share of each channel from whatever lies below it: of the blue, violet and red of stamps
 * this much of what the channels differ by, added to the brightest one, gives back what is below.
 */
const THIN_INK = 0.55;

/** A picture's ink by kind, a byte a pixel. */
export interface SeparatedInk {
  /** What light black print alone leaves of the local white, in 255ths, where the ink over it is thin. */
  readonly underThin: Uint8Array;
  /** The same where that ink covers: what lies below is not lighter than the brightest channel. */
  readonly underCovering: Uint8Array;
  /** By how much the channels differ against the local white, in 255ths: coloured ink. */
  readonly colour: Uint8Array;
}

/** Tells black print from coloured ink by what each leaves of the local white in red, green and blue. */
export function separateInk(picture: Raster): SeparatedInk {
  const { width, height, data } = picture;
  const cell = Math.max(8, Math.round(width * CELL_SHARE));
  const white = localWhite(picture, cell);
  const underThin = new Uint8Array(width * height);
  const underCovering = new Uint8Array(width * height);
  const colour = new Uint8Array(width * height);
  const lastColumn = white.columns - 1;
  const lastRow = white.rows - 1;
  for (let y = 0, at = 0, pixel = 0; y < height; y++) {
    const v = Math.min(lastRow, Math.max(0, (y + 0.5) / cell - 0.5));
    const row = Math.floor(v);
    const fy = v - row;
    const upper = row * white.columns;
    const lower = Math.min(lastRow, row + 1) * white.columns;
    for (let x = 0; x < width; x++, pixel++) {
      const u = Math.min(lastColumn, Math.max(0, (x + 0.5) / cell - 0.5));
      const column = u | 0;
      const fx = u - column;
      const next = column < lastColumn ? column + 1 : column;
      let least = 1;
      let most = 0;
      for (let channel = 0; channel < 3; channel++, at++) {
        const values = white.channels[channel] as Float32Array;
        const above = (values[upper + column] as number) * (1 - fx) + (values[upper + next] as number) * fx;
        const below = (values[lower + column] as number) * (1 - fx) + (values[lower + next] as number) * fx;
        const share = Math.min(1, (data[at] as number) / (above + (below - above) * fy));
        if (share < least) least = share;
        if (share > most) most = share;
      }
      underThin[pixel] = Math.min(255, 255 * (most + THIN_INK * (most - least)));
      underCovering[pixel] = 255 * most;
      colour[pixel] = 255 * (most - least);
    }
  }
  return { underThin, underCovering, colour };
}

interface LocalWhite {
  readonly columns: number;
  readonly rows: number;
  /** Red, green and blue of each cell's white. */
  readonly channels: readonly Float32Array[];
}

/** The white of each cell: a high quantile, at least the middle one of its neighbours' where print or a photo fills it. */
function localWhite({ width, height, data }: Raster, cell: number): LocalWhite {
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
    around.sort((p, q) => p - q);
    return Math.max(value, around[around.length >> 1] as number);
  });
}
