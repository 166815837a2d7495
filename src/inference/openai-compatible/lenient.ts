import { z } from 'zod';

/** What decorates an answer: left out where it is not understood. */
export const decoration = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);

/** Something that may be missing; servers in PHP and others write nothing as an empty list, an empty text or false. */
export const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (value) => (value === '' || value === false || (Array.isArray(value) && value.length === 0) ? undefined : value),
    schema.nullish(),
  );
/** A list, or its only entry without the list. */
export const list = <Schema extends z.ZodType>(entry: Schema) =>
  maybe(z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(entry.nullish())));

/** What is there of a list of such. */
export function compact<Item>(items: readonly (Item | null | undefined)[]): Item[] {
  return items.filter((item): item is Item => item !== null && item !== undefined);
}
