import type { Region } from '../rules/regions.ts';
import { bareText } from '../rules/snap.ts';

/** Fewer letters of a name are the end of others that no list has; less so where it is told that it is one of these. */
const LEAST_LETTERS = 6;
const LEAST_TOLD_LETTERS = 3;

/**
 * The one name that a text is the end of, cut inside a word (ERAH ISTIMEWA YOGYAKARTA): a finger lies over its beginning,
 * however clear the rest is. Undefined where it begins with a whole word, which may be a name by itself, or fits several.
 * `isTold`: the card tells elsewhere that it is one of these, or that its beginning is missing.
 */
export function wholeOfTail(read: string, regions: readonly Region[], isTold = false): string | undefined {
  // Of a letter that is half hidden a mark may be left: (OMI TENGAH.
  const text = read.replace(/^[^A-Z0-9]+/, '');
  if (bareText(text).length < (isTold ? LEAST_TOLD_LETTERS : LEAST_LETTERS)) return undefined;
  const wholes = namesEndingIn(text, new Set(regions.map(({ name }) => name)));
  return wholes.length === 1 ? wholes[0] : undefined;
}

/** Names that end with a text which begins inside one of their words. */
export function namesEndingIn(text: string, names: Iterable<string>): string[] {
  return [...names].filter(
    (name) =>
      name.length > text.length && name.endsWith(text) && /[A-Z]/.test(name[name.length - text.length - 1] ?? ''),
  );
}

/** Doubt of a name whose beginning is hidden, as edits a character. */
export const HIDDEN_SHARE = 0.25;
