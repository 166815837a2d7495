import { digitOf } from '../rules/digits.ts';
import { nikBirthDate, parseNik } from '../rules/nik.ts';
import { isKnownProvince } from '../rules/regions.ts';
import { type Span, sliceSpan } from '../text/spans.ts';

const DIGITS = 16;
/** So many digits too many are another number's, one is a digit seen twice; a year has four. */
const LEAST_BEHIND = 2;
const MOST_BEHIND = 4;

/**
 * The spans of a NIK without the digits that were read on behind it, of a year that was written across the card: the
 * first sixteen, where they are a NIK and the last sixteen are none. Null where that is not so.
 */
export function withoutMarkBehind(spans: readonly Span[]): Span[] | null {
  const digits = spans.flatMap(({ glyphs }) => glyphs.flatMap(({ text }) => digitOf(text) ?? [])).join('');
  const behind = digits.length - DIGITS;
  if (behind < LEAST_BEHIND || behind > MOST_BEHIND) return null;
  if (!canBeNik(digits.slice(0, DIGITS)) || canBeNik(digits.slice(behind))) return null;
  const kept: Span[] = [];
  let left = DIGITS;
  for (const span of spans) {
    const end = span.glyphs.findIndex(({ text }) => digitOf(text) !== undefined && left-- === 0);
    const own = end < 0 ? span : sliceSpan(span, 0, end);
    if (own) kept.push(own);
    if (end >= 0) break;
  }
  return kept;
}

function canBeNik(digits: string): boolean {
  const parts = parseNik(digits);
  return parts !== undefined && isKnownProvince(parts.province) && nikBirthDate(parts) !== undefined;
}
