import { bothSides } from './levels/both-sides.ts';
import { a4, copyBlackWhite, copyGrey, fax } from './levels/copy.ts';
import type { Level } from './levels/level.ts';
import { stamped, watermark } from './levels/marked.ts';
import { photo } from './levels/photo.ts';
import {
  clutter,
  dark,
  defocus,
  glare,
  motion,
  occluded,
  recompressed,
  selfie,
  several,
  shadow,
  sleeve,
  small,
  tilt,
  turned,
  worn,
} from './levels/photo-levels.ts';
import { scan } from './levels/scan.ts';
import { screen } from './levels/screen.ts';
import { blocks, thumbnail } from './levels/sent.ts';
import { bent, keystone } from './levels/shape.ts';

/** The ladder: each rung one way in which pictures of cards get worse, at four strengths. */
export const LEVELS = {
  scan,
  photo,
  tilt,
  turned,
  small,
  defocus,
  motion,
  dark,
  shadow,
  glare,
  sleeve,
  screen,
  'copy-grey': copyGrey,
  'copy-bw': copyBlackWhite,
  recompressed,
  occluded,
  worn,
  clutter,
  several,
  a4,
  selfie,
  watermark,
  stamped,
  fax,
  blocks,
  thumbnail,
  bent,
  keystone,
  'both-sides': bothSides,
} satisfies Record<string, Level>;

export type LevelName = keyof typeof LEVELS;
