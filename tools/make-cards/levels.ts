import type { Level } from './levels/level.ts';
import { photo } from './levels/photo.ts';
import { scan } from './levels/scan.ts';

/** The ladder: each rung one way in which pictures of cards get worse. */
export const LEVELS = {
  scan,
  photo,
} satisfies Record<string, Level>;

export type LevelName = keyof typeof LEVELS;
