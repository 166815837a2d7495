import type { Slot } from '../layout/slot.ts';
import { behindColon, textOf, valueSpans, withoutTrailing } from '../layout/value-spans.ts';
import { type Span, sliceSpan } from '../text/spans.ts';
import { findDate, readDate } from './read-date.ts';
import { cleanPlace } from './read-free-text.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';

/** Where a date begins of which only a part can be read: no place has a digit behind its name. */
const BROKEN_DATE = /[ ,./-]*\d[\dOIl]?(?:[-./ ]|$).*$|[ ,]+\d.*$/;

/** Place and date of birth out of one value. */
export function readBirth(slot: Slot | undefined): { place: Reading; date: Reading } {
  const spans = slot ? behindColon(valueSpans(slot.rows)) : [];
  const raw = textOf(spans);
  if (raw === '') return { place: unread(), date: unread() };
  const quality = slot?.labelQuality ?? 0;
  const found = findDate(raw);
  const broken = raw.search(BROKEN_DATE);
  const start = found?.start ?? (broken >= 0 ? broken : raw.length);
  const [placeSpans, dateSpans] = cutAt(spans, start);
  const place = readPlace(dateSpans.length > 0 ? withLostComma(placeSpans) : placeSpans, quality);
  return { place, date: readDate(dateSpans, quality, true) };
}

function readPlace(all: readonly Span[], labelQuality: number): Reading {
  const spans = withoutTrailing(all);
  const raw = textOf(spans);
  const value = cleanPlace(raw);
  if (!/[A-Z]/.test(value)) return unread();
  return { value, raw, spans, source: 'ocr', warnings: [], evidence: characterEvidence(spans, labelQuality) };
}

/** Letters as thin as the comma behind a place, which moved or thick print makes of it: MERANGINL 11-05-1960. */
const LIKE_COMMA = /[A-Z]{2}[IJLTl1]$/;
const DOUBT_WITHOUT_COMMA = 0.5;

/** Spans of a place without its last letter being sure, where that may be what parts it from the date. */
function withLostComma(spans: readonly Span[]): readonly Span[] {
  const last = spans.at(-1);
  const letter = last?.glyphs.at(-1);
  if (!last || !letter || !LIKE_COMMA.test(textOf(spans))) return spans;
  const doubted = { ...letter, confidence: Math.min(letter.confidence, DOUBT_WITHOUT_COMMA) };
  return [...spans.slice(0, -1), { ...last, glyphs: [...last.glyphs.slice(0, -1), doubted] }];
}

/** Cuts spans where the character of that index of their joined text begins. */
function cutAt(spans: readonly Span[], index: number): [Span[], Span[]] {
  const before: Span[] = [];
  const after: Span[] = [];
  let offset = 0;
  for (const span of spans) {
    const cut = index - offset;
    const head = cut > 0 ? sliceSpan(span, 0, Math.min(cut, span.glyphs.length)) : undefined;
    const tail = cut < span.glyphs.length ? sliceSpan(span, Math.max(0, cut)) : undefined;
    if (head) before.push(head);
    if (tail) after.push(tail);
    offset += span.glyphs.length + 1;
  }
  return [before, after];
}
