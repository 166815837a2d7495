import { median } from '../../text-lines/median.ts';
import { type Glyph, type Span, sliceSpan } from '../text/spans.ts';
import { LABEL_ORDER, type Label, type LabelMatch, matchCutLabel, matchLabel, type RowLabel } from './labels.ts';

/** A label that was found on the page. */
export interface Anchor {
  readonly label: RowLabel;
  /** Left edge and row of the label in the card's frame, pixels. */
  readonly left: number;
  readonly right: number;
  readonly v: number;
  readonly height: number;
  readonly quality: number;
  /** Whether only the label's end was read. */
  readonly cut: boolean;
  /** The rest of the label's own line, where the value was read together with it. */
  readonly rest: Span | undefined;
  /** Spans that the label took, whole or in part. */
  readonly spans: readonly Span[];
}

/** A label split over two boxes ("Tempat/Tgl" "Lahir") is joined where the gap is at most this many heights. */
const JOIN_GAP_HEIGHTS = 1.4;

/** How far left edges of labels may lie apart, in units; the rows of RT/RW to Kecamatan are indented. */
const INDENT_UNITS = 4;
/** A label too misread to be known by itself must stand nearer to the others. */
const EXPECTED_INDENT_UNITS = 2.5;

/** A span that is a label by itself is not tried as the end of another one. */
const CLEAR_LABEL = 0.6;
/** Ends of labels stand at the left edge of all text, give or take this many units. */
const CUT_EDGE_UNITS = 1.2;

/**
 * Finds the labels of a card: of all spans that begin like a label, or like its end at the left edge of the text, the
 * best set that keeps the printed order from top to bottom, the distance of rows and one left edge. `pitch` is the
 * distance of two rows in pixels.
 */
export function findAnchors(spans: readonly Span[], pitch: number): Anchor[] {
  const textLeft = Math.min(...spans.map((span) => span.left));
  // A row's height: boxes of small print are higher than their rows are apart.
  const unit = Math.min(median(spans.map((span) => span.height)), 1.2 * pitch);
  const candidates: Anchor[] = [];
  const cut: Anchor[] = [];
  for (const span of spans) {
    const found = candidatesAt(span, spans, unit);
    candidates.push(...found);
    if (span.left - textLeft > CUT_EDGE_UNITS * unit) continue;
    if (found.some(({ quality }) => quality > CLEAR_LABEL)) continue;
    for (const match of matchCutLabel(span.glyphs)) pushAnchor(cut, match, [span], true);
  }
  const edge = candidates.length > 0 ? leftEdge(candidates) : textLeft;
  const aligned = candidates.filter((candidate) => Math.abs(candidate.left - edge) < INDENT_UNITS * unit);
  const chain = bestChain([...aligned, ...cut], unit, pitch);
  return chain.length < 3 ? chain : withExpected(chain, spans, edge, unit, pitch);
}

/** Adds labels too misread to be known by themselves, in the place between two others where they must stand. */
function withExpected(
  chain: readonly Anchor[],
  spans: readonly Span[],
  edge: number,
  unit: number,
  pitch: number,
): Anchor[] {
  const completed: Anchor[] = [];
  const taken = new Set(chain.flatMap((anchor) => anchor.spans));
  for (const [index, anchor] of chain.entries()) {
    completed.push(anchor);
    const next = chain[index + 1];
    const from = LABEL_ORDER.indexOf(anchor.label) + 1;
    const missing = LABEL_ORDER.slice(from, next ? LABEL_ORDER.indexOf(next.label) : undefined);
    if (missing.length === 0) continue;
    const found: Anchor[] = [];
    for (const span of spans) {
      const inside = span.v > anchor.v + 0.4 * unit && (!next || span.v < next.v - 0.4 * unit);
      if (!inside || taken.has(span) || Math.abs(span.left - edge) > EXPECTED_INDENT_UNITS * unit) continue;
      const match = matchLabel(span.glyphs, missing);
      if (match) pushAnchor(found, match, [span]);
    }
    completed.push(...bestChain(found, unit, pitch));
  }
  return completed;
}

function candidatesAt(span: Span, spans: readonly Span[], unit: number): Anchor[] {
  const found: Anchor[] = [];
  const alone = matchLabel(span.glyphs);
  if (alone) pushAnchor(found, alone, [span]);
  const next = rightNeighbour(span, spans, unit);
  if (next && next.left - span.right < JOIN_GAP_HEIGHTS * span.height) {
    const joined = matchLabel([...span.glyphs, blankBetween(span, next), ...next.glyphs]);
    if (joined && joined.end > span.glyphs.length + 1 && joined.quality > (alone?.quality ?? 0) + 0.05) {
      pushAnchor(found, joined, [span, next]);
    }
  }
  return found;
}

function pushAnchor(
  found: Anchor[],
  match: LabelMatch,
  spans: readonly [Span] | readonly [Span, Span],
  cut = false,
): void {
  if (match.label === 'gol_darah') return;
  const [first, second] = spans;
  const rest = second ? sliceSpan(second, match.end - first.glyphs.length - 1) : sliceSpan(first, match.end);
  const last = second ? second.glyphs[match.end - first.glyphs.length - 2] : first.glyphs[match.end - 1];
  const labelGlyphs = second ? first.glyphs : first.glyphs.slice(0, match.end);
  found.push({
    label: match.label,
    left: first.left,
    right: last?.u ?? first.right,
    v: mean(labelGlyphs.map((glyph) => glyph.v)),
    height: first.height,
    quality: match.quality,
    cut,
    rest,
    spans,
  });
}

/** The nearest span to the right on the same row. */
function rightNeighbour(span: Span, spans: readonly Span[], unit: number): Span | undefined {
  let nearest: Span | undefined;
  for (const other of spans) {
    if (other === span || other.left < span.right - span.height * 0.3) continue;
    if (Math.abs(other.v - span.v) > 0.45 * Math.min(span.height, other.height, unit)) continue;
    if (!nearest || other.left < nearest.left) nearest = other;
  }
  return nearest;
}

const BLOOD_LABEL: readonly Label[] = ['gol_darah'];

/**
 * Where "Gol. Darah" begins in a run of glyphs, at the start of a word or glued to one. On the row of sex a badly
 * misread one will do; elsewhere places like PANGANDARAN come near, so `certain` asks for a nearly perfect one.
 */
export function findBloodLabel(
  glyphs: readonly Glyph[],
  certain: boolean,
): { start: number; match: LabelMatch } | undefined {
  const least = certain ? 0.87 : 0.5;
  let best: { start: number; match: LabelMatch } | undefined;
  for (let start = 0; start < glyphs.length; start += 1) {
    const initial = glyphs[start]?.text.toUpperCase() ?? '';
    if (!'GCB6O0'.includes(initial)) continue;
    const match = matchLabel(glyphs.slice(start), BLOOD_LABEL);
    if (match && match.quality > least && (!best || match.quality > best.match.quality)) best = { start, match };
  }
  return best;
}

function blankBetween(left: Span, right: Span): Glyph {
  return { text: ' ', confidence: 1, u: (left.right + right.left) / 2, v: left.v, position: 1 };
}

/** The left edge that most of the good candidates share. */
function leftEdge(candidates: readonly Anchor[]): number {
  let best = candidates[0]?.left ?? 0;
  let bestScore = -1;
  for (const { left, height } of candidates) {
    let score = 0;
    for (const other of candidates) {
      const distance = Math.abs(other.left - left) / height;
      if (distance < 3) score += other.quality ** 2 * (1 - distance / 3);
    }
    if (score > bestScore) {
      bestScore = score;
      best = left;
    }
  }
  return best;
}

/** The subset with the most label quality whose labels go down the page in the printed order, a row each. */
function bestChain(candidates: readonly Anchor[], unit: number, pitch: number): Anchor[] {
  const sorted = [...candidates].sort((first, second) => first.v - second.v);
  const scores: number[] = [];
  const previous: number[] = [];
  let bestEnd = -1;
  for (const [index, candidate] of sorted.entries()) {
    let score = 0;
    let from = -1;
    for (let earlier = 0; earlier < index; earlier += 1) {
      const other = sorted[earlier];
      if (!other || candidate.v - other.v < 0.4 * unit) continue;
      const steps = LABEL_ORDER.indexOf(candidate.label) - LABEL_ORDER.indexOf(other.label);
      if (steps <= 0) continue;
      const value = (scores[earlier] ?? 0) - strain((candidate.v - other.v) / pitch - steps);
      if (value > score) {
        score = value;
        from = earlier;
      }
    }
    scores[index] = score + candidate.quality;
    previous[index] = from;
    if (bestEnd < 0 || (scores[index] ?? 0) > (scores[bestEnd] ?? 0)) bestEnd = index;
  }
  const chain: Anchor[] = [];
  for (let index = bestEnd; index >= 0; index = previous[index] ?? -1) {
    const anchor = sorted[index];
    if (anchor) chain.unshift(anchor);
  }
  return chain;
}

/** What a distance costs that is `extra` rows more than the labels between ask for: wrapped values add rows, nothing takes them away. */
function strain(extra: number): number {
  return extra < 0 ? Math.min(0.9, -extra * 0.5) : Math.min(0.3, extra * 0.06);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
