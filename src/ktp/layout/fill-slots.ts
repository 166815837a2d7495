import { overlap, rowsOf, type Span, sliceSpan } from '../text/spans.ts';
import type { Anchor } from './anchors.ts';
import type { Metrics } from './card-metrics.ts';
import { dealRows } from './deal-rows.ts';
import type { Label } from './labels.ts';
import type { Slot } from './slot.ts';
import { valueSpans, withoutSmallLetters } from './value-spans.ts';

/** How far left of the value column a value may begin, in line heights. */
const REMNANT_HEIGHTS = 1.2;
/** Rows this near to each other, in pitches, are as good. */
const TIE_PITCHES = 0.2;

/** Puts each free span behind the label of its row, or below the label that it continues. */
export function fillSlots(anchors: readonly Anchor[], body: readonly Span[], metrics: Metrics): Map<Label, Slot> {
  const onRow = new Map<Anchor, Span[]>();
  const between: Span[] = [];
  for (const anchor of anchors) onRow.set(anchor, anchor.rest ? [anchor.rest] : []);
  // Of two spans at one place the nearer to its row is the value; the longer where both are about as near.
  const step = Math.max(1, TIE_PITCHES * metrics.pitch);
  const ordered = [...body].sort(
    (first, second) =>
      Math.floor(rowDistance(first, anchors) / step) - Math.floor(rowDistance(second, anchors) / step) ||
      second.glyphs.length - first.glyphs.length,
  );
  for (const span of ordered) {
    const anchor = nearestAnchor(span, anchors);
    const row = anchor && onRow.get(anchor);
    const near = anchor && Math.abs(span.v - anchor.v) <= 0.5 * metrics.pitch && span.left > anchor.left;
    if (anchor && row && near && !row.some((other) => overlap(other, span) > 0.3)) row.push(span);
    else between.push(span);
  }
  const slots = new Map<Label, Slot>();
  for (const anchor of anchors) {
    const row = (onRow.get(anchor) ?? []).sort((first, second) => first.left - second.left);
    slots.set(anchor.label, { rows: row.length > 0 ? [row] : [], labelQuality: anchor.quality });
  }
  const edges: (Anchor | undefined)[] = [undefined, ...anchors];
  for (const [index, anchor] of edges.entries()) {
    const next = edges[index + 1];
    const rows = rowsOf(
      between.filter((span) => (!anchor || span.v > anchor.v) && (!next || span.v <= next.v)),
      metrics.pitch,
    );
    placeRows(slots, rows, anchor, next, metrics);
  }
  for (const anchor of anchors) {
    const slot = slots.get(anchor.label);
    if (slot && beginsBelow(slot, anchor, metrics)) slots.set(anchor.label, { ...slot, gap: true, beginsBelow: true });
  }
  return slots;
}

/** Whether a label's value begins on the next row: the first line of a wrapped one was not seen. */
function beginsBelow({ rows }: Slot, { v }: Anchor, { pitch }: Metrics): boolean {
  const first = rows[0]?.[0];
  return first !== undefined && first.v - v > BELOW_PITCHES * pitch;
}

const BELOW_PITCHES = 0.65;

function nearestAnchor(span: Span, anchors: readonly Anchor[]): Anchor | undefined {
  let nearest: Anchor | undefined;
  for (const anchor of anchors) {
    if (!nearest || Math.abs(span.v - anchor.v) < Math.abs(span.v - nearest.v)) nearest = anchor;
  }
  return nearest;
}

function rowDistance(span: Span, anchors: readonly Anchor[]): number {
  const anchor = nearestAnchor(span, anchors);
  return anchor ? Math.abs(span.v - anchor.v) : Infinity;
}

/** Deals rows without a label of their own to the labels around and between (see dealRows). */
function placeRows(
  slots: Map<Label, Slot>,
  rows: readonly Span[][],
  above: Anchor | undefined,
  below: Anchor | undefined,
  metrics: Metrics,
): void {
  const values = rows.map((row) => withoutRemnant(row, metrics)).filter((row) => row.length > 0);
  for (const [index, label] of dealRows(values, above, below, metrics.pitch).entries()) {
    const row = values[index];
    if (!row || label === undefined) continue;
    const slot = slots.get(label);
    slots.set(label, { rows: [...(slot?.rows ?? []), row], labelQuality: slot?.labelQuality ?? 0 });
  }
}

/** A row without what stands left of the values: the rest of a label that could not be told. */
function withoutRemnant(row: readonly Span[], { valueLeft }: Metrics): Span[] {
  return row.flatMap((span) => {
    const edge = valueLeft - REMNANT_HEIGHTS * span.height;
    if (span.left >= edge) return [span];
    const start = span.glyphs.findIndex((glyph) => glyph.u >= edge);
    const kept = start < 0 ? undefined : sliceSpan(span, start);
    return kept ? [kept] : [];
  });
}

/** Marks the slots whose values have a stretch missing. */
export function markGaps(slots: Map<Label, Slot>, metrics: Metrics): Map<Label, Slot> {
  for (const [label, slot] of slots) {
    const [first] = valueSpans(slot.rows);
    const start = first?.glyphs[0]?.u ?? metrics.valueLeft;
    const late =
      metrics.aligned &&
      label !== 'gol_darah' &&
      start - metrics.valueLeft > (label === 'nik' ? LATE_NIK_HEIGHTS : LATE_HEIGHTS) * (first?.height ?? 0);
    // What is left of a misread label in front of its value is no part of that.
    if (late || slot.rows.map(withoutSmallLetters).some(hasGap)) slots.set(label, { ...slot, gap: true });
  }
  return slots;
}

function hasGap(row: readonly Span[]): boolean {
  return row.some((span, index) => {
    const before = row[index - 1];
    return (
      before !== undefined && span.left - before.right > GAP_HEIGHTS * span.height && /[A-Z0-9]/i.test(before.text)
    );
  });
}

/** A value that begins this much right of the others, in line heights, has lost text. */
const LATE_HEIGHTS = 1;
/** The NIK is printed larger, and one digit less makes it worthless. */
const LATE_NIK_HEIGHTS = 0.45;
/** No blank inside a value is wider, in line heights. */
const GAP_HEIGHTS = 0.9;
