import { asPrinted } from '../rules/dates.ts';
import type { Field } from '../schema.ts';

/** What of a text counts as read: letters and digits, no marks and blanks. */
export function signs(value: string): string {
  return value.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** A field's value as it stands on the card. */
export function printedValue({ value }: Field): string | null {
  return value === null ? null : asPrinted(value);
}

/** Whether OCR has seen the letters and digits that a model says, as its value or as another possibility. */
export function isSeen(field: Field, said: string | null | undefined): boolean {
  if (!said) return false;
  const seen = [field.value, printedValue(field), ...(field.alternatives ?? []).map(({ value }) => value)];
  return seen.some((value) => value !== null && signs(value) === signs(said));
}

/**
 * Whether every word that a model says stands in what OCR has read, or in the same place of another possibility: its
 * looks had some of the words right each.
 */
export function isSeenWordByWord({ alternatives = [], value }: Field, said: string | null): boolean {
  if (said === null) return false;
  const looks = [value ?? '', ...alternatives.map((alternative) => alternative.value)].map(wordsOf);
  const words = wordsOf(said);
  const alike = looks.filter((look) => look.length === words.length);
  return words.every((word, place) => alike.some((look) => look[place] === word));
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).map(signs);
}

/** A letter that stands alone without a point is hardly a word, but what is left of one. */
const TORN = /(\p{L}{2,}) (\p{L})(?![\p{L}\p{N}.'])|(?<![\p{L}\p{N}.'])(\p{L}) (\p{L}{2,})/gu;

/**
 * Whether a model says what OCR has read with one more letter in each gap that tears a letter off a word (`FELIC A`):
 * there OCR has seen no sign, and so says nothing against it.
 */
export function fillsTornWord({ value }: Field, said: string | null): boolean {
  if (value === null || said === null || signs(value) === signs(said)) return false;
  return [...value.matchAll(TORN)].some(({ 0: torn, index }) => {
    const gap = index + torn.indexOf(' ');
    const [before, after] = [value.slice(0, gap), value.slice(gap + 1)];
    const letter = said.slice(before.length, before.length + 1);
    return /\p{L}/u.test(letter) && signs(`${before}${letter}${after}`) === signs(said);
  });
}
