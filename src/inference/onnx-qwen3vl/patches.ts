import type { Raster } from '../../media/raster.ts';
import { FRAMES_PER_PATCH } from './smart-resize.ts';

const PATCH_SIDE = 16;
const PATCH_AREA = PATCH_SIDE * PATCH_SIDE;
/** Patches along a side of what becomes one token. */
export const MERGE_SIDE = 2;
const CHANNELS = 3;
/** Floats of one patch: channel, frame, row, column. */
export const PATCH_FLOATS = CHANNELS * FRAMES_PER_PATCH * PATCH_AREA;

/** Patches in time, rows and columns. */
export interface Grid {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** What the vision encoder takes: patches by merge blocks (block row, block column, row, column), -1 to 1. */
export interface Patches {
  readonly pixels: Float32Array;
  readonly grid: Grid;
}

/** How many tokens of the decoder a picture or video takes. */
export function tokensOf({ frames, rows, columns }: Grid): number {
  return (frames * rows * columns) / (MERGE_SIDE * MERGE_SIDE);
}

/** Cuts frames of one size, sides multiples of 32, into patches. An odd last frame stands twice, as does a still. */
export function patchesOf(frames: readonly Raster[]): Patches {
  const [first] = frames;
  if (!first) throw new RangeError('a picture has at least one frame');
  const grid = {
    frames: Math.ceil(frames.length / FRAMES_PER_PATCH),
    rows: first.height / PATCH_SIDE,
    columns: first.width / PATCH_SIDE,
  };
  const pixels = new Float32Array(grid.frames * grid.rows * grid.columns * PATCH_FLOATS);
  let at = 0;
  for (let time = 0; time < grid.frames; time++) {
    const pair = [0, 1].map((offset) => frames[Math.min(time * FRAMES_PER_PATCH + offset, frames.length - 1)] ?? first);
    for (const [row, column] of patchPlaces(grid)) {
      for (const [frame, raster] of pair.entries()) writePatch(pixels, at, raster, row, column, frame);
      at += PATCH_FLOATS;
    }
  }
  return { pixels, grid };
}

function* patchPlaces({ rows, columns }: Grid): Generator<readonly [row: number, column: number]> {
  for (let blockRow = 0; blockRow < rows; blockRow += MERGE_SIDE) {
    for (let blockColumn = 0; blockColumn < columns; blockColumn += MERGE_SIDE) {
      for (let row = blockRow; row < blockRow + MERGE_SIDE; row++) {
        for (let column = blockColumn; column < blockColumn + MERGE_SIDE; column++) yield [row, column];
      }
    }
  }
}

function writePatch(
  pixels: Float32Array,
  at: number,
  raster: Raster,
  row: number,
  column: number,
  frame: number,
): void {
  for (let y = 0; y < PATCH_SIDE; y++) {
    const from = ((row * PATCH_SIDE + y) * raster.width + column * PATCH_SIDE) * CHANNELS;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const to = at + (channel * FRAMES_PER_PATCH + frame) * PATCH_AREA + y * PATCH_SIDE;
      for (let x = 0; x < PATCH_SIDE; x++) {
        // Mean and deviation are one half.
        pixels[to + x] = (raster.data[from + x * CHANNELS + channel] ?? 0) / 127.5 - 1;
      }
    }
  }
}
