import { textOf } from '../layout/value-spans.ts';
import { rowsOf, type Span } from '../text/spans.ts';
import { findDate, isNearlyDate, readDate } from './read-date.ts';
import { cleanPlace, readFreeText } from './read-free-text.ts';
import { type Reading, unread } from './reading.ts';

/** The date stands at most this many rows below the place, whose own lines are closer. */
const DATE_GAP = 1.7;
const LINE_GAP = 1.4;
const MOST_LINES = 3;

/**
 * Place and date of issue out of the column below the photo: the date, and the one or two lines right above it.
 * `pitch` is the distance of the card's rows in pixels.
 */
export function readIssue(spans: readonly Span[], pitch: number): { place: Reading; date: Reading } {
  const rows = rowsOf(spans, pitch);
  const dated =
    rows.findLast((row) => findDate(textOf(row)) !== undefined) ?? rows.findLast((row) => isNearlyDate(textOf(row)));
  const named: Span[][] = [];
  let below = dated;
  for (const row of rows.toReversed()) {
    if (row === dated || !/[A-Z]{3}/.test(textOf(row))) continue;
    const gap = below ? rowV(below) - rowV(row) : pitch;
    if (gap < 0.3 * pitch) continue;
    if (gap > (below === dated ? DATE_GAP : LINE_GAP) * pitch) break;
    named.unshift(row);
    below = row;
    if (named.length === MOST_LINES) break;
  }
  return {
    date: dated ? readDate(dated, 1) : unread(),
    place: named.length === 0 ? unread() : readFreeText({ rows: named, labelQuality: 1 }, cleanPlace),
  };
}

function rowV(row: readonly Span[]): number {
  return row[0]?.v ?? 0;
}
