import { readDate } from './read-date.ts';
import { cleanPlace, readFreeText } from './read-free-text.ts';
import { type Reading, unread } from './reading.ts';
import type { Span } from './spans.ts';

/** The date stands at most this many rows below the place, whose own lines are closer. */
const DATE_GAP = 1.7;
const LINE_GAP = 1.4;

/**
 * Place and date of issue out of the column below the photo (`spans` from top to bottom): the date, and the one or two
 * lines right above it. `pitch` is the distance of the card's rows in pixels.
 */
export function readIssue(spans: readonly Span[], pitch: number): { place: Reading; date: Reading } {
  const dated = spans.findLast((span) => readDate([span], 1).value !== null);
  const named: Span[] = [];
  let below = dated;
  for (const span of [...spans].reverse()) {
    if (span === dated || !/[A-Z]{3}/.test(span.text)) continue;
    if (dated && span.v > dated.v - 0.3 * pitch) continue;
    const gap = below ? below.v - span.v : 0;
    if (below && gap > (below === dated ? DATE_GAP : LINE_GAP) * pitch) break;
    named.unshift(span);
    below = span;
    if (named.length === 3) break;
  }
  return {
    date: dated ? readDate([dated], 1) : unread(),
    place: named.length === 0 ? unread() : readFreeText({ rows: [named], labelQuality: 1 }, cleanPlace),
  };
}
