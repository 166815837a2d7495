import { KtpflowError } from '../../errors.ts';

const MAX_NAMED = 5;
/** What may be said back to the caller. */
const NAME = /^[\w.[\]-]{1,64}$/;
/** RFC 7578, 4.6: browsers say their encoding in it. */
const IGNORED = new Set(['_charset_']);

/** Fields of a form or of a JSON object that are none of ours. */
export function unknownFields(names: Iterable<string>, known: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !known.includes(name) && !IGNORED.has(name));
}

/**
 * A field that would be dropped in silence is refused by its name: it is a misspelt one, or a client's other idea of
 * where something belongs.
 * @param options names that belong into `options`
 * @throws KtpflowError invalid_value
 */
export function refuseUnknownFields(
  names: Iterable<string>,
  known: readonly string[],
  options: readonly string[],
): void {
  const [name] = unknownFields(names, known);
  if (name === undefined) return;
  const message = options.includes(name)
    ? 'Unknown field: it belongs in the JSON of "options".'
    : `Unknown field. Known fields: ${known.join(', ')}.`;
  throw new KtpflowError('invalid_value', message, NAME.test(name) ? { param: name } : {});
}

/** What came instead of what is missing, as the end of a sentence; empty where nothing did. */
export function instead(names: Iterable<string>): string {
  const named = [...new Set(names)].filter((name) => NAME.test(name)).slice(0, MAX_NAMED);
  return named.length === 0 ? '' : `; it has: ${named.join(', ')}`;
}
