import { z } from 'zod';

/**
 * A list with a maximum that is checked before any of its entries: a body of 25 MB may hold a million of them, and each
 * costs microseconds to look at.
 */
export function boundedArray<Schema extends z.ZodType>(schema: Schema, maximum: number, minimum = 0) {
  return z.preprocess((value, context) => {
    if (!Array.isArray(value) || value.length <= maximum) return value;
    context.addIssue({ code: 'too_big', origin: 'array', maximum, message: `must hold at most ${maximum} entries` });
    return z.NEVER;
  }, z.array(schema).min(minimum).max(maximum));
}
