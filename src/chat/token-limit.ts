import { z } from 'zod';

/** More is written by callers who want no limit. */
export const MOST_TOKENS = 1_000_000;

/** Tokens that an answer may have at most: a limit and no reservation. */
export const tokenLimit = z
  .number()
  .min(1)
  .refine((limit) => Number.isInteger(limit), 'must be a whole number')
  .transform((limit) => Math.min(limit, MOST_TOKENS));
