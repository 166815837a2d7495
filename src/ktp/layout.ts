import { type Anchor, findAnchors, findBloodLabel, median } from './anchors.ts';
import { dealRows, type Place } from './deal-rows.ts';
import { ocrDistance } from './edit-distance.ts';
import { fitFrame } from './frame.ts';
import { LABEL_ORDER, type Label } from './labels.ts';
import { bareText } from './snap.ts';
import { type Span, sliceSpan, spansOfLine } from './spans.ts';
import type { TextLine } from './text-line.ts';

/** What stands behind a label: its rows from top to bottom, each from left to right. */
export interface Slot {
  readonly rows: readonly (readonly Span[])[];
  /** 0-1; 0 where the label was not read and the slot was told by its place and content. */
  readonly labelQuality: number;
  /** Whether the label was read up to its colon. */
  readonly colon?: boolean;
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
}

/** Estimates in pixels that all thresholds are made of. */
interface Metrics {
  readonly labelLeft: number;
  readonly valueLeft: number;
  readonly pitch: number;
  /** Width of the card. */
  readonly width: number;
}

/** Shares of the card's width, measured from the labels' left edge. */
const VALUE_LEFT = 0.235;
const ISSUE_LEFT = 0.55;
const ISSUE_CENTRE = 0.66;
/** Rows follow each other at this share of the card's width. */
const ROW_PITCH = 0.0283;

/** Sorts a card's lines into header, labelled slots and place of issue. */
export function layOut(lines: readonly TextLine[]): CardLayout {
  const frame = fitFrame(lines);
  const spans = lines.filter((line) => !frame.isSlanted(line)).flatMap((line) => spansOfLine(line, frame));
  const anchors = findAnchors(spans);
  const metrics = measure(anchors, spans);
  if (!metrics) return { slots: new Map(), header: headerOf(spans, undefined), issue: [], anchors, pitch: 0 };
  const taken = new Set(anchors.flatMap((anchor) => anchor.spans));
  const first = anchors[0];
  const top = first ? first.v - (LABEL_ORDER.indexOf(first.label) + 0.6) * metrics.pitch : 0;
  const height = median(anchors.map((anchor) => anchor.height));
  const free = spans.filter((span) => !taken.has(span) && !isMark(span, metrics, height));
  const header = headerOf(free, top);
  const issue = issueOf(free, anchors, metrics);
  const body = free.filter((span) => !issue.includes(span) && span.v > top && isInBody(span, free, metrics));
  const slots = splitBlood(fillSlots(anchors, body, metrics));
  return { slots, header, issue, anchors, pitch: metrics.pitch };
}

function measure(anchors: readonly Anchor[], spans: readonly Span[]): Metrics | undefined {
  if (anchors.length === 0) return undefined;
  const labelLeft = Math.min(...anchors.map((anchor) => anchor.left));
  const pitches: number[] = [];
  for (const [index, anchor] of anchors.entries()) {
    const next = anchors[index + 1];
    if (!next) continue;
    const steps = LABEL_ORDER.indexOf(next.label) - LABEL_ORDER.indexOf(anchor.label);
    pitches.push((next.v - anchor.v) / steps);
  }
  const height = median(spans.map((span) => span.height));
  const pitch = pitches.length > 0 ? median(pitches) : height * 1.2;
  const valueLefts: number[] = [];
  for (const anchor of anchors) {
    const value = anchor.rest ?? nearestRight(anchor, spans);
    const start = value?.glyphs.find((glyph) => /[A-Z0-9]/.test(glyph.text))?.u;
    if (start !== undefined) valueLefts.push(start);
  }
  const byPitch = pitch / ROW_PITCH;
  const byValue = valueLefts.length >= 3 ? (median(valueLefts) - labelLeft) / VALUE_LEFT : byPitch;
  const width = Math.sqrt(byPitch * Math.min(Math.max(byValue, byPitch * 0.6), byPitch * 1.6));
  return { labelLeft, valueLeft: labelLeft + VALUE_LEFT * width, pitch, width };
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

function headerOf(spans: readonly Span[], top: number | undefined): Span[] {
  return spans.filter((span) => top === undefined || span.v <= top).sort((first, second) => first.v - second.v);
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
      metrics,
    );
    placeRows(slots, rows, anchor, next, metrics.pitch);
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

function overlap(first: Span, second: Span): number {
  const shared = Math.min(first.right, second.right) - Math.max(first.left, second.left);
  return shared / Math.max(1, Math.min(first.right - first.left, second.right - second.left));
}

/** Groups spans into rows from top to bottom. */
function rowsOf(spans: readonly Span[], metrics: Metrics): Span[][] {
  const rows: Span[][] = [];
  for (const span of [...spans].sort((first, second) => first.v - second.v)) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row && first && span.v - first.v < 0.45 * metrics.pitch && !row.some((other) => overlap(other, span) > 0.3)) {
      row.push(span);
    } else {
      rows.push([span]);
    }
  }
  for (const row of rows) row.sort((first, second) => first.left - second.left);
  return rows;
}

/**
 * Deals rows without a label of their own to the label above (a wrapped value) and to the labels that were not read
 * between it and the next one: in order, each row where its content and its place suit best.
 */
function placeRows(
  slots: Map<Label, Slot>,
  rows: readonly Span[][],
  above: Anchor | undefined,
  below: Anchor | undefined,
  pitch: number,
): void {
  if (rows.length === 0) return;
  const choices = placesBetween(above, below, pitch);
  for (const [index, choice] of dealRows(rows, choices, pitch).entries()) {
    const row = rows[index];
    const label = choices[choice]?.label;
    if (!row || label === undefined) continue;
    const slot = slots.get(label);
    slots.set(label, { rows: [...(slot?.rows ?? []), row], labelQuality: slot?.labelQuality ?? 0 });
  }
}

/** The label above, then those that were not read, each with the row where it is expected. */
function placesBetween(above: Anchor | undefined, below: Anchor | undefined, pitch: number): Place[] {
  const from = above ? LABEL_ORDER.indexOf(above.label) : -1;
  const missing = LABEL_ORDER.slice(from + 1, below ? LABEL_ORDER.indexOf(below.label) : undefined);
  const bottom = below?.v ?? (above?.v ?? 0) + (missing.length + 1) * pitch;
  const top = above?.v ?? bottom - (missing.length + 1) * pitch;
  const step = (bottom - top) / (missing.length + 1);
  return [{ label: above?.label, v: top }, ...missing.map((label, index) => ({ label, v: top + (index + 1) * step }))];
}

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
