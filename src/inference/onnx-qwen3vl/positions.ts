import { type Grid, MERGE_SIDE } from './patches.ts';

/** The three rows of m-RoPE positions of a prompt, and the position of what comes after it. */
export interface RopePositions {
  /** Time, height, width: `length` entries each. */
  readonly rows: readonly [Int32Array, Int32Array, Int32Array];
  readonly next: number;
}

export interface PlaceholderIds {
  readonly image: number;
  readonly video: number;
}

/**
 * Positions of every token of a prompt. Text counts on all three axes; a picture takes a box of merged cells and moves
 * the counter on by its longer side; each pair of frames of a video is a box of its own, since a time stamp stands
 * before it.
 * @param grids of the pictures and videos, each in their order in the prompt.
 * @throws RangeError where placeholders and grids differ
 */
export function ropePositions(
  ids: readonly number[],
  placeholders: PlaceholderIds,
  grids: { readonly images: readonly Grid[]; readonly videos: readonly Grid[] },
): RopePositions {
  const rows = [new Int32Array(ids.length), new Int32Array(ids.length), new Int32Array(ids.length)] as const;
  const images = [...grids.images];
  const videoFrames = grids.videos.flatMap((grid) =>
    Array.from({ length: grid.frames }, () => ({ ...grid, frames: 1 })),
  );
  let next = 0;
  for (let at = 0; at < ids.length; ) {
    const id = ids[at];
    const grid = id === placeholders.image ? images.shift() : id === placeholders.video ? videoFrames.shift() : null;
    if (grid === undefined) throw new RangeError('a placeholder has no picture');
    if (grid === null) {
      for (const row of rows) row[at] = next;
      next++;
      at++;
      continue;
    }
    const height = grid.rows / MERGE_SIDE;
    const width = grid.columns / MERGE_SIDE;
    const count = grid.frames * height * width;
    for (let k = 0; k < count; k++) {
      if (ids[at + k] !== id) throw new RangeError('a picture has fewer placeholders than tokens');
      rows[0][at + k] = next + Math.floor(k / (height * width));
      rows[1][at + k] = next + (Math.floor(k / width) % height);
      rows[2][at + k] = next + (k % width);
    }
    next += Math.max(height, width);
    at += count;
  }
  if (images.length > 0 || videoFrames.length > 0) throw new RangeError('a picture has no placeholder');
  return { rows, next };
}
