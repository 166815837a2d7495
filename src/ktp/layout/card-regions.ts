import { ocrDistance } from '../rules/edit-distance.ts';
import { bareText } from '../rules/snap.ts';
import type { Span } from '../text/spans.ts';
import type { Anchor } from './anchors.ts';
import type { Metrics } from './card-metrics.ts';
import { LABEL_ORDER } from './labels.ts';

/** Where the place of issue begins and has its centre, as shares of the card's width from the labels' left edge. */
const ISSUE_LEFT = 0.55;
const ISSUE_CENTRE = 0.66;

/** Where the header ends: above the row of the NIK, known by its label, by its digits, or by the first label below. */
export function topOf(anchors: readonly Anchor[], spans: readonly Span[], { pitch }: Metrics): number {
  const [first] = anchors;
  if (first?.label === 'nik') return first.v - 0.6 * pitch;
  const digits = spans.find(
    (span) => span.text.replace(/\D/g, '').length >= 13 && (!first || span.v < first.v - 0.5 * pitch),
  );
  if (digits) return digits.v - 0.6 * pitch;
  return first ? first.v - (LABEL_ORDER.indexOf(first.label) + 0.6) * pitch : Number.NEGATIVE_INFINITY;
}

/** Whether text lies where the card must be, told by its labels: other papers may lie around it. */
export function isOnCard(span: Span, anchors: readonly Anchor[], { labelLeft, width, most, pitch }: Metrics): boolean {
  const first = anchors[0];
  const last = anchors.at(-1);
  if (!first || !last || anchors.length < 3) return true;
  const top = first.v - (LABEL_ORDER.indexOf(first.label) + HEADER_ROWS) * pitch;
  const bottom = last.v + (LABEL_ORDER.length - LABEL_ORDER.indexOf(last.label) + FOOT_ROWS) * pitch;
  const centre = (span.left + span.right) / 2;
  return span.v > top && span.v < bottom && centre > labelLeft - 0.05 * width && centre < labelLeft + 0.99 * most;
}

/** Rows between the card's upper edge and the NIK, and below the last label; wrapped values need some more. */
const HEADER_ROWS = 6;
const FOOT_ROWS = 3;

/** The picture's right edge through the text, where at least three lines break off at one place; else undefined. */
export function cutEdgeOf(spans: readonly Span[]): number | undefined {
  const edge = Math.max(...spans.map((span) => span.right));
  const ending = spans.filter((span) => span.text.length >= 3 && edge - span.right < 0.5 * span.height);
  return ending.length >= 3 ? edge : undefined;
}

/** The right-hand column from about the row of religion down, top to bottom: where place and date of issue stand. */
export function issueOf(spans: readonly Span[], anchors: readonly Anchor[], metrics: Metrics): Span[] {
  const lowest = anchors.filter((anchor) => LABEL_ORDER.indexOf(anchor.label) <= LABEL_ORDER.indexOf('agama')).at(-1);
  const width = metrics.foot * metrics.width;
  const found = spans.filter((span) => {
    const left = (span.left - metrics.labelLeft) / width;
    const centre = ((span.left + span.right) / 2 - metrics.labelLeft) / width;
    return left > ISSUE_LEFT && centre > ISSUE_CENTRE && (!lowest || span.v > lowest.v - 0.5 * metrics.pitch);
  });
  return found.sort((first, second) => first.v - second.v);
}

/**
 * Text that begins in the photo's column above the place of issue is none of the card's fields, but for the last word
 * of a long row.
 */
export function isInBody(span: Span, spans: readonly Span[], metrics: Metrics): boolean {
  const left = (span.left - metrics.labelLeft) / metrics.width;
  if (left < -0.06 || left > 0.68) return false;
  if (left < 0.6) return true;
  const gap = 1.2 * span.height;
  return spans.some(
    (other) =>
      other !== span &&
      other.left < span.left &&
      Math.abs(span.left - other.right) < gap &&
      Math.abs(span.v - other.v) < 0.3 * span.height,
  );
}

/** Marks that are no field's value: signs far larger than the print, and words stamped across it or on the photo. */
export function isMark(span: Span, metrics: Metrics, height: number): boolean {
  if (span.height > 2.4 * height) return true;
  const aside = (span.left - metrics.labelLeft) / metrics.width > ISSUE_LEFT;
  if (!aside && span.height < 1.5 * height) return false;
  return ['SPESIMEN', 'SPECIMEN', 'CONTOH', 'SAMPLE'].some((word) => ocrDistance(bareText(span.text), word, 2) <= 2);
}
