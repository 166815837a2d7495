import type { Slot } from '../layout/slot.ts';
import { textOf, valueSpans } from '../layout/value-spans.ts';
import { digitOf, onlyDigits } from '../rules/digits.ts';
import { type Fit, fitOf } from '../text/fit.ts';
import { type Span, sliceSpan } from '../text/spans.ts';
import type { Warning } from '../warnings.ts';
import { withoutMarkBehind } from './mark-behind-nik.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';

/** The NIK before it is held against the rest of the card. */
export interface NikReading {
  readonly reading: Reading;
  /** Digits as read, of any number; '' where nothing like a NIK was read. */
  readonly digits: string;
  readonly fit: Fit | undefined;
}

export const DIGITS: ReadonlySet<string> = new Set('0123456789');

/** Fewer digits than this are no NIK, and none can be made of them. */
const LEAST_DIGITS = 10;
/** What digits of another number behind it count for among odd characters. */
const DIGITS_BEHIND = 2;

/** Reads the NIK's digits: decoded again with digits only, or by the table of lookalikes. */
export function readNik(slot: Slot | undefined): NikReading {
  const seen = slot ? digitSpans(valueSpans(slot.rows)) : [];
  const own = withoutMarkBehind(seen);
  const spans = own ?? seen;
  const raw = textOf(spans);
  const fit = fitOf(spans);
  const digits = chooseDigits(raw, fit);
  if (digits.length < LEAST_DIGITS) return { reading: unread(), digits: '', fit: undefined };
  const solid = [...raw].filter((character) => character !== ' ');
  const correctedDigits = solid.filter((character) => digitOf(character) !== character).length;
  const changed = digits !== solid.join('');
  const evidence = {
    ...characterEvidence(spans, slot?.labelQuality ?? 0),
    oddCharacters: correctedDigits + (own ? DIGITS_BEHIND : 0),
  };
  const warnings: Warning[] = changed ? ['normalised'] : [];
  return { reading: { value: digits, raw, spans, source: 'ocr', warnings, evidence }, digits, fit };
}

/** Spans of the row that look like digits, marks at their ends cut off (a colon, a bar). */
function digitSpans(spans: readonly Span[]): Span[] {
  const kept: Span[] = [];
  for (const span of spans) {
    const solid = span.glyphs.filter((glyph) => glyph.text !== ' ');
    const digits = solid.filter((glyph) => digitOf(glyph.text) !== undefined).length;
    const sure = solid.filter((glyph) => glyph.text >= '0' && glyph.text <= '9').length;
    if (digits < 0.7 * solid.length || sure < 0.4 * solid.length) continue;
    const start = span.glyphs.findIndex((glyph) => digitOf(glyph.text) !== undefined);
    const end = span.glyphs.findLastIndex((glyph) => digitOf(glyph.text) !== undefined) + 1;
    const cut = sliceSpan(span, start, end);
    if (cut) kept.push(cut);
  }
  return kept;
}

/** Of the two ways to read digits the one that gives sixteen; a mark read as a 17th digit in front is dropped. */
function chooseDigits(raw: string, fit: Fit): string {
  const byTable = onlyDigits(raw);
  const byTrack = fit.track?.decode(DIGITS).text.replace(/\D/g, '') ?? byTable;
  const digits = byTrack.length === 16 || byTable.length !== 16 ? byTrack : byTable;
  if (digits.length === 17 && byTable.length === 17 && !/^\d/.test(raw)) return digits.slice(1);
  return digits;
}
