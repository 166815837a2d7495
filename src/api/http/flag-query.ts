import { z } from 'zod';

/** A query parameter that is on or off; off where it is missing. */
export const flagSchema = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform((text) => text === '1' || text === 'true');
