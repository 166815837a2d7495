import type { Request } from 'express';
import type { z } from 'zod';
import { KtpflowError } from '../../errors.ts';

/** A filter or a place that a loop has left empty: `cursor=$NEXT` for its first page. */
const UNSET_WHERE_EMPTY = new Set(['limit', 'cursor', 'offset', 'status', 'format', 'reference_id', 'batch', 'field']);
/** jQuery and others add a time under this name, so that nothing answers from a cache. */
const IGNORED = new Set(['_']);

/**
 * The query of one of our own routes. A parameter that would be dropped in silence is refused by its name: `?limt=5`, or
 * another API's way of paging, which would show the first page for ever. The routes of the OpenAI API take what comes.
 * @param alsoKnown names that something else reads
 * @throws KtpflowError invalid_value; ZodError for a value
 */
export function parseOwnQuery<Schema extends z.ZodObject>(
  schema: Schema,
  { query }: Pick<Request, 'query'>,
  alsoKnown: readonly string[] = [],
): z.output<Schema> {
  refuseUnknownQuery({ query }, [...Object.keys(schema.shape), ...alsoKnown]);
  const repeated = Object.keys(query).find((name) => Array.isArray(query[name]) && !IGNORED.has(name));
  if (repeated !== undefined) throw new KtpflowError('invalid_value', 'Send this parameter once.', { param: repeated });
  const isUnset = ([name, value]: [string, unknown]): boolean => value === '' && UNSET_WHERE_EMPTY.has(name);
  return schema.parse(Object.fromEntries(Object.entries(query).filter((entry) => !isUnset(entry))));
}

/** @throws KtpflowError invalid_value for the first parameter that is not known */
export function refuseUnknownQuery({ query }: Pick<Request, 'query'>, known: readonly string[]): void {
  const name = Object.keys(query).find((given) => !known.includes(given) && !IGNORED.has(given));
  if (name === undefined) return;
  const hint = known.length === 0 ? 'This request takes none.' : `Known here: ${known.join(', ')}.`;
  const param = /^[\w.[\]-]{1,64}$/.test(name) ? { param: name } : {};
  throw new KtpflowError('invalid_value', `Unknown query parameter. ${hint}`, param);
}
