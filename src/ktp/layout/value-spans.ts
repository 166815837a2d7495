import { type Glyph, type Span, sliceSpan } from '../text/spans.ts';
import { isSeparator } from './labels.ts';
import { isStampText } from './overlay.ts';

/** Text of spans in reading order, one blank between them. */
export function textOf(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join(' ');
}

/** The spans of a slot's rows without separators in front of each row, and without spans of separators alone. */
export function valueSpans(rows: readonly (readonly Span[])[]): Span[] {
  const spans: Span[] = [];
  for (const row of rows) {
    let atStart = true;
    for (const span of withoutSmallLetters(row)) {
      const kept = atStart ? withoutLeading(span, isSeparator) : span;
      if (!kept) continue;
      spans.push(withoutStampTail(kept));
      atStart = false;
    }
  }
  return spans;
}

/** A span without the words of a stamp that were read on behind the value: SONO SESUAI ASLINYA. */
function withoutStampTail(span: Span): Span {
  const blank = span.glyphs.findIndex(
    ({ text }, index) => text === ' ' && index > 0 && isStampText(span.text.slice(index + 1)),
  );
  return (blank > 0 && sliceSpan(span, 0, blank)) || span;
}

/**
 * A row without leading words in small letters in front of words in capitals: labels have small letters, values have
 * none, so these are the rest of a label.
 */
export function withoutSmallLetters(row: readonly Span[]): readonly Span[] {
  const [first, ...others] = row;
  if (!first) return row;
  const blank = first.glyphs.findIndex((glyph) => glyph.text === ' ');
  const word = blank < 0 ? first.text : first.text.slice(0, blank);
  const rest = blank < 0 ? undefined : sliceSpan(first, blank);
  const behind = rest ? [rest, ...others] : others;
  if (smallShare(word) < 0.5 || behind.length === 0 || smallShare(textOf(behind)) > 0.5) return row;
  return withoutSmallLetters(behind);
}

function smallShare(text: string): number {
  const letters = text.replace(/[^A-Za-z]/g, '');
  return letters.length < 2 ? 0 : letters.replace(/[A-Z]/g, '').length / letters.length;
}

/**
 * The spans behind the first colon, which no value of most fields holds: what stands before it is the rest of a label.
 * All of them where nothing stands behind it.
 */
export function behindColon(spans: readonly Span[]): Span[] {
  for (const [index, span] of spans.entries()) {
    const colon = span.glyphs.findIndex((glyph) => glyph.text === ':' || glyph.text === ';');
    if (colon < 0) continue;
    const rest = sliceSpan(span, colon + 1);
    const behind = rest ? [rest, ...spans.slice(index + 1)] : spans.slice(index + 1);
    return behind.length > 0 ? behind : [...spans];
  }
  return [...spans];
}

/** A value's spans without separators at its end. */
export function withoutTrailing(spans: readonly Span[]): Span[] {
  const last = spans.at(-1);
  if (!last) return [];
  const end = last.glyphs.findLastIndex((glyph) => !isSeparator(glyph.text)) + 1;
  const kept = end === last.glyphs.length ? last : sliceSpan(last, 0, end);
  return kept ? [...spans.slice(0, -1), kept] : withoutTrailing(spans.slice(0, -1));
}

/** A span without the glyphs in front that a test names. */
export function withoutLeading(span: Span, test: (character: string) => boolean): Span | undefined {
  const start = span.glyphs.findIndex((glyph) => !test(glyph.text));
  return start < 0 ? undefined : start === 0 ? span : sliceSpan(span, start);
}

/** Glyphs of spans in reading order, blanks left out. */
export function solidGlyphs(spans: readonly Span[]): Glyph[] {
  return spans.flatMap((span) => span.glyphs.filter((glyph) => glyph.text !== ' '));
}
