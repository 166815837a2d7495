import type { JpegPass } from '../camera.ts';
import type { Random } from '../random.ts';
import type { Shot } from '../shot.ts';

export const STRENGTHS = ['mild', 'moderate', 'strong', 'severe'] as const;
export type Strength = (typeof STRENGTHS)[number];

export interface LevelRequest {
  /** Seed of the card: the same person and printing at every level. */
  readonly seed: string;
  readonly strength: Strength;
  readonly random: Random;
}

export interface Rendered {
  readonly shot: Shot;
  readonly passes: readonly JpegPass[];
}

/** One way in which pictures of cards get worse. */
export type Level = (request: LevelRequest) => Promise<Rendered>;

/** Picks the value of a strength; severe is as strong where a level has no value of its own for it. */
export function byStrength<T>(strength: Strength, values: readonly [mild: T, moderate: T, strong: T, severe?: T]): T {
  return (values[STRENGTHS.indexOf(strength)] ?? values[2]) as T;
}
