import { type Anchor, findAnchors, findBloodLabel, median } from './anchors.ts';
import { dealRows } from './deal-rows.ts';
import { ocrDistance } from './edit-distance.ts';
import { fitFrame } from './frame.ts';
import { LABEL_ORDER, type Label } from './labels.ts';
import { valueSpans } from './reading.ts';
import { bareText } from './snap.ts';
import { overlap, rowsOf, type Span, sliceSpan, spansOfLine } from './spans.ts';
import type { TextLine } from './text-line.ts';

/** What stands behind a label: its rows from top to bottom, each from left to right. */
export interface Slot {
  readonly rows: readonly (readonly Span[])[];
  /** 0-1; 0 where the label was not read and the slot was told by its place and content. */
  readonly labelQuality: number;
  /** Whether the label was read up to its colon. */
  readonly colon?: boolean;
  /** Whether a stretch of the value seems to be missing: a wide gap inside it, or a start right of the others'. */
  readonly gap?: boolean;
}

/** The card's text sorted by what it belongs to. Values still carry stray separators. */
export interface CardLayout {
  readonly slots: ReadonlyMap<Label, Slot>;
  readonly header: readonly Span[];
  /** Right-hand column at the foot: place and date of issue, top to bottom. */
  readonly issue: readonly Span[];
  readonly anchors: readonly Anchor[];
  /** Distance of two rows in pixels. */
  readonly pitch: number;
  /** Where the picture's right edge cuts the text, in the card's frame; undefined where it does not. */
  readonly cutEdge: number | undefined;
}

/** Estimates in pixels that all thresholds are made of. */
interface Metrics {
  readonly labelLeft: number;
  readonly valueLeft: number;
  readonly pitch: number;
  /** Width of the card. */
  readonly width: number;
  /** Whether the values of at least five rows begin at `valueLeft`. */
  readonly aligned: boolean;
}

/** Shares of the card's width, measured from the labels' left edge. */
const VALUE_LEFT = 0.235;
const ISSUE_LEFT = 0.55;
const ISSUE_CENTRE = 0.66;
/** Rows follow each other at this share of the card's width. */
const ROW_PITCH = 0.0283;

/** How far left of the value column a value may begin, in line heights. */
const REMNANT_HEIGHTS = 1.2;
/** Labels of less quality in all than this are chance. */
const LEAST_LABELS = 1.2;

/** Sorts a card's lines into header, labelled slots and place of issue. */
export function layOut(lines: readonly TextLine[]): CardLayout {
  const frame = fitFrame(lines);
  const spans = lines.filter((line) => !frame.isSlanted(line)).flatMap((line) => spansOfLine(line, frame));
  if (spans.length === 0) return { slots: new Map(), header: [], issue: [], anchors: [], pitch: 0, cutEdge: undefined };
  const found = findAnchors(spans, rowPitch(spans));
  const anchors = found.reduce((sum, { quality }) => sum + quality, 0) < LEAST_LABELS ? [] : found;
  const metrics = measure(anchors, spans);
  const taken = new Set(anchors.flatMap((anchor) => anchor.spans));
  const top = topOf(anchors, spans, metrics);
  const height = median((anchors.length > 0 ? anchors : spans).map((item) => item.height));
  const onCard = spans.filter((span) => isOnCard(span, anchors, metrics));
  const free = onCard.filter((span) => !taken.has(span) && !isMark(span, metrics, height));
  const header = free.filter((span) => span.v <= top).sort((first, second) => first.v - second.v);
  const issue = issueOf(free, anchors, metrics);
  const body = free.filter((span) => !issue.includes(span) && span.v > top && isInBody(span, free, metrics));
  const slots = markGaps(splitBlood(fillSlots(anchors, body, metrics)), metrics);
  return { slots, header, issue, anchors, pitch: metrics.pitch, cutEdge: cutEdgeOf(onCard) };
}

/** Typical distance of two rows in pixels, by the left half of the text. */
function rowPitch(spans: readonly Span[]): number {
  const height = median(spans.map((span) => span.height));
  const left = Math.min(...spans.map((span) => span.left));
  const right = Math.max(...spans.map((span) => span.right));
  const rows: number[] = [];
  const body = spans.filter((span) => span.left < left + 0.5 * (right - left) && span.height < 1.8 * height);
  for (const v of body.map((span) => span.v).sort((first, second) => first - second)) {
    if (v - (rows.at(-1) ?? Number.NEGATIVE_INFINITY) > 0.5 * height) rows.push(v);
  }
  const distances = rows.slice(1).map((v, index) => v - (rows[index] ?? v));
  return distances.length >= 3 ? median(distances) : 1.1 * height;
}

function measure(anchors: readonly Anchor[], spans: readonly Span[]): Metrics {
  const pitches: number[] = [];
  for (const [index, anchor] of anchors.entries()) {
    const next = anchors[index + 1];
    if (!next) continue;
    const steps = LABEL_ORDER.indexOf(next.label) - LABEL_ORDER.indexOf(anchor.label);
    pitches.push((next.v - anchor.v) / steps);
  }
  const pitch = pitches.length >= 3 ? median(pitches) : rowPitch(spans);
  const starts: number[] = [];
  for (const anchor of anchors) {
    const value = anchor.rest ?? nearestRight(anchor, spans);
    const start = value?.glyphs.find((glyph) => /[A-Z0-9]/.test(glyph.text))?.u;
    if (start !== undefined) starts.push(start);
  }
  const byPitch = pitch / ROW_PITCH;
  const whole = anchors.filter((anchor) => !anchor.cut);
  if (whole.length < 3) {
    // The labels' left edge is not in the picture: the values' one tells where it would be.
    const valueLeft = starts.length >= 3 ? median(starts) : commonLeft(spans);
    return { labelLeft: valueLeft - VALUE_LEFT * byPitch, valueLeft, pitch, width: byPitch, aligned: false };
  }
  const labelLeft = Math.min(...whole.map((anchor) => anchor.left));
  const byValue = starts.length >= 3 ? (median(starts) - labelLeft) / VALUE_LEFT : byPitch;
  const width = Math.sqrt(byPitch * Math.min(Math.max(byValue, byPitch * 0.6), byPitch * 1.6));
  const valueLeft = starts.length >= 3 ? median(starts) : labelLeft + VALUE_LEFT * width;
  const height = median(anchors.map((anchor) => anchor.height));
  const aligned = starts.filter((start) => Math.abs(start - valueLeft) < ALIGNED_HEIGHTS * height).length >= 5;
  return { labelLeft, valueLeft, pitch, width, aligned };
}

/** The left edge that most spans share. */
function commonLeft(spans: readonly Span[]): number {
  let best = spans[0]?.left ?? 0;
  let most = 0;
  for (const { left, height } of spans) {
    const count = spans.filter((span) => Math.abs(span.left - left) < 0.6 * height).length;
    if (count > most) {
      most = count;
      best = left;
    }
  }
  return best;
}

/** Where the header ends: above the row of the NIK, known by its label, by its digits, or by the first label below. */
function topOf(anchors: readonly Anchor[], spans: readonly Span[], { pitch }: Metrics): number {
  const [first] = anchors;
  if (first?.label === 'nik') return first.v - 0.6 * pitch;
  const digits = spans.find(
    (span) => span.text.replace(/\D/g, '').length >= 13 && (!first || span.v < first.v - 0.5 * pitch),
  );
  if (digits) return digits.v - 0.6 * pitch;
  return first ? first.v - (LABEL_ORDER.indexOf(first.label) + 0.6) * pitch : Number.NEGATIVE_INFINITY;
}

/** Whether text lies where the card must be, told by its labels: other papers may lie around it. */
function isOnCard(span: Span, anchors: readonly Anchor[], { labelLeft, width, pitch }: Metrics): boolean {
  const first = anchors[0];
  const last = anchors.at(-1);
  if (!first || !last || anchors.length < 3) return true;
  const top = first.v - (LABEL_ORDER.indexOf(first.label) + HEADER_ROWS) * pitch;
  const bottom = last.v + (LABEL_ORDER.length - LABEL_ORDER.indexOf(last.label) + FOOT_ROWS) * pitch;
  const centre = (span.left + span.right) / 2;
  return span.v > top && span.v < bottom && centre > labelLeft - 0.05 * width && centre < labelLeft + 0.99 * width;
}

/** Rows between the card's upper edge and the NIK, and below the last label; wrapped values need some more. */
const HEADER_ROWS = 6;
const FOOT_ROWS = 3;

/** The picture's right edge through the text, where at least three lines break off at one place; else undefined. */
function cutEdgeOf(spans: readonly Span[]): number | undefined {
  const edge = Math.max(...spans.map((span) => span.right));
  const ending = spans.filter((span) => span.text.length >= 3 && edge - span.right < 0.5 * span.height);
  return ending.length >= 3 ? edge : undefined;
}

function nearestRight(anchor: Anchor, spans: readonly Span[]): Span | undefined {
  let nearest: Span | undefined;
  for (const span of spans) {
    if (anchor.spans.includes(span) || span.left < anchor.right || !/[A-Z0-9]/.test(span.text)) continue;
    if (Math.abs(span.v - anchor.v) > 0.45 * anchor.height) continue;
    if (!nearest || span.left < nearest.left) nearest = span;
  }
  return nearest;
}

function issueOf(spans: readonly Span[], anchors: readonly Anchor[], metrics: Metrics): Span[] {
  const lowest = anchors.filter((anchor) => LABEL_ORDER.indexOf(anchor.label) <= LABEL_ORDER.indexOf('agama')).at(-1);
  const found = spans.filter((span) => {
    const left = (span.left - metrics.labelLeft) / metrics.width;
    const centre = ((span.left + span.right) / 2 - metrics.labelLeft) / metrics.width;
    return left > ISSUE_LEFT && centre > ISSUE_CENTRE && (!lowest || span.v > lowest.v + 1.4 * metrics.pitch);
  });
  return found.sort((first, second) => first.v - second.v);
}

/**
 * Text that begins in the photo's column above the place of issue is none of the card's fields, but for the last word
 * of a long row.
 */
function isInBody(span: Span, spans: readonly Span[], metrics: Metrics): boolean {
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
function isMark(span: Span, metrics: Metrics, height: number): boolean {
  if (span.height > 2.4 * height) return true;
  const aside = (span.left - metrics.labelLeft) / metrics.width > ISSUE_LEFT;
  if (!aside && span.height < 1.5 * height) return false;
  return ['SPESIMEN', 'SPECIMEN', 'CONTOH', 'SAMPLE'].some((word) => ocrDistance(bareText(span.text), word, 2) <= 2);
}

/** Puts each free span behind the label of its row, or below the label that it continues. */
function fillSlots(anchors: readonly Anchor[], body: readonly Span[], metrics: Metrics): Map<Label, Slot> {
  const onRow = new Map<Anchor, Span[]>();
  const between: Span[] = [];
  for (const anchor of anchors) onRow.set(anchor, anchor.rest ? [anchor.rest] : []);
  const ordered = [...body].sort((first, second) => rowDistance(first, anchors) - rowDistance(second, anchors));
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
  return slots;
}

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
function markGaps(slots: Map<Label, Slot>, metrics: Metrics): Map<Label, Slot> {
  for (const [label, slot] of slots) {
    const [first] = valueSpans(slot.rows);
    const start = first?.glyphs[0]?.u ?? metrics.valueLeft;
    const late =
      metrics.aligned && label !== 'gol_darah' && start - metrics.valueLeft > LATE_HEIGHTS * (first?.height ?? 0);
    if (late || slot.rows.some(hasGap)) slots.set(label, { ...slot, gap: true });
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

/** Starts of values within this of each other, in line heights, are one column; one this much later has lost text. */
const ALIGNED_HEIGHTS = 0.6;
const LATE_HEIGHTS = 1;
/** No blank inside a value is wider, in line heights. */
const GAP_HEIGHTS = 0.9;

/** Takes the blood group out of the row of sex (or out of whatever row it was read on). */
function splitBlood(slots: Map<Label, Slot>): Map<Label, Slot> {
  for (const label of ['jenis_kelamin', 'lahir', 'alamat'] as const) {
    const slot = slots.get(label);
    if (!slot) continue;
    for (const [rowIndex, row] of slot.rows.entries()) {
      const cut = cutBlood(row, label !== 'jenis_kelamin');
      if (!cut) continue;
      const rows = slot.rows
        .map((other, index) => (index === rowIndex ? cut.before : other))
        .filter((other) => other.length > 0);
      slots.set(label, { ...slot, rows });
      const { after, quality, colon } = cut;
      slots.set('gol_darah', { rows: after.length > 0 ? [after] : [], labelQuality: quality, colon });
      return slots;
    }
  }
  return slots;
}

interface BloodCut {
  readonly before: Span[];
  readonly after: Span[];
  readonly quality: number;
  readonly colon: boolean;
}

function cutBlood(row: readonly Span[], certain: boolean): BloodCut | undefined {
  const glyphs = row.flatMap((span) => span.glyphs);
  const found = findBloodLabel(glyphs, certain);
  if (!found) return undefined;
  const end = found.start + found.match.end;
  const before: Span[] = [];
  const after: Span[] = [];
  let offset = 0;
  for (const span of row) {
    const head = sliceSpan(span, 0, Math.max(0, found.start - offset));
    const tail = sliceSpan(span, Math.max(0, end - offset));
    if (head && offset < found.start) before.push(head);
    if (tail && offset + span.glyphs.length > end) after.push(tail);
    offset += span.glyphs.length;
  }
  const colon = glyphs.slice(found.start, end).some(({ text }) => text === ':' || text === ';');
  return { before, after, quality: found.match.quality, colon };
}
