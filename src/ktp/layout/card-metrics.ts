import { median } from '../../text-lines/median.ts';
import type { Span } from '../text/spans.ts';
import type { Anchor } from './anchors.ts';
import { LABEL_ORDER } from './labels.ts';

/** Estimates in pixels that the layout's thresholds are made of. */
export interface Metrics {
  readonly labelLeft: number;
  readonly valueLeft: number;
  readonly pitch: number;
  /** Width of the card. */
  readonly width: number;
  /** The same where all that tells it tells most: seen at a slant, a card is lower than its width tells. */
  readonly most: number;
  /** Width of the card in the rows from religion down, against that in all: seen from above they are narrower. */
  readonly foot: number;
  /** Whether the values of at least five rows begin at `valueLeft`. */
  readonly aligned: boolean;
}

/** Shares of the card's width, measured from the labels' left edge. */
const VALUE_LEFT = 0.235;
/** Rows follow each other at this share of the card's width. */
const ROW_PITCH = 0.0283;
/** Starts of values within this of each other, in line heights, are one column. */
const ALIGNED_HEIGHTS = 0.6;

/** Typical distance of two rows in pixels, by the left half of the text. */
export function rowPitch(spans: readonly Span[]): number {
  const height = median(spans.map((span) => span.height));
  const left = Math.min(...spans.map((span) => span.left));
  const right = Math.max(...spans.map((span) => span.right));
  const rows: number[] = [];
  const body = spans.filter((span) => span.left < left + 0.5 * (right - left) && span.height < 1.8 * height);
  for (const v of body.map((span) => span.v).sort((first, second) => first - second)) {
    if (v - (rows.at(-1) ?? Number.NEGATIVE_INFINITY) > 0.4 * height) rows.push(v);
  }
  const distances = rows.slice(1).map((v, index) => v - (rows[index] ?? v));
  return distances.length >= 3 ? median(distances) : 1.1 * height;
}

/** Measures a card by its labels, or by its rows alone where too few labels were read. */
export function measureCard(anchors: readonly Anchor[], spans: readonly Span[]): Metrics {
  const pitches: number[] = [];
  for (const [index, anchor] of anchors.entries()) {
    const next = anchors[index + 1];
    if (!next) continue;
    const steps = LABEL_ORDER.indexOf(next.label) - LABEL_ORDER.indexOf(anchor.label);
    pitches.push((next.v - anchor.v) / steps);
  }
  const pitch = pitches.length >= 3 ? median(pitches) : rowPitch(spans);
  const begun = anchors.flatMap((anchor): Begun[] => {
    const value = anchor.rest ?? nearestRight(anchor, spans, pitch);
    const start = value?.glyphs.find((glyph) => /[A-Z0-9]/.test(glyph.text))?.u;
    return start === undefined ? [] : [{ anchor, start }];
  });
  const starts = begun.map(({ start }) => start);
  const byPitch = pitch / ROW_PITCH;
  const whole = anchors.filter((anchor) => !anchor.cut);
  if (whole.length < 3) {
    // The labels' left edge is not in the picture: the values' one tells where it would be.
    const valueLeft = starts.length >= 3 ? median(starts) : commonLeft(spans);
    const labelLeft = valueLeft - VALUE_LEFT * byPitch;
    return { labelLeft, valueLeft, pitch, width: byPitch, most: byPitch, foot: 1, aligned: false };
  }
  const labelLeft = Math.min(...whole.map((anchor) => anchor.left));
  const byValue = starts.length >= 3 ? (median(starts) - labelLeft) / VALUE_LEFT : byPitch;
  const told = Math.min(Math.max(byValue, byPitch * 0.6), byPitch * 1.6);
  const width = Math.sqrt(byPitch * told);
  const valueLeft = starts.length >= 3 ? median(starts) : labelLeft + VALUE_LEFT * width;
  const height = median(anchors.map((anchor) => anchor.height));
  const aligned = starts.filter((start) => Math.abs(start - valueLeft) < ALIGNED_HEIGHTS * height).length >= 5;
  return {
    labelLeft,
    valueLeft,
    pitch,
    width,
    most: Math.max(width, told),
    foot: footOf(begun, labelLeft, valueLeft),
    aligned,
  };
}

/** A label with where its value begins. */
interface Begun {
  readonly anchor: Anchor;
  readonly start: number;
}

/** Fewer rows than this at the foot do not tell how wide the card is there; and no slant narrows it more than so. */
const LEAST_FOOT_ROWS = 3;
const NARROWEST_FOOT = 0.6;

/** How wide the column of labels is in the lowest rows, against that in all; 1 where it is no narrower. */
function footOf(begun: readonly Begun[], labelLeft: number, valueLeft: number): number {
  const low = begun.filter(({ anchor }) => LABEL_ORDER.indexOf(anchor.label) >= LABEL_ORDER.indexOf('agama'));
  if (low.length < LEAST_FOOT_ROWS) return 1;
  const column = median(low.map(({ start }) => start)) - labelLeft;
  return Math.min(1, Math.max(NARROWEST_FOOT, column / (valueLeft - labelLeft)));
}

/** The left edge that most values share; labels, which small letters tell, share another. */
function commonLeft(all: readonly Span[]): number {
  const values = all.filter(({ text }) => /^[^a-z]*$/.test(text) && /[A-Z0-9]{2}/.test(text));
  const spans = values.length > 0 ? values : all;
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

function nearestRight(anchor: Anchor, spans: readonly Span[], pitch: number): Span | undefined {
  let nearest: Span | undefined;
  for (const span of spans) {
    if (anchor.spans.includes(span) || span.left < anchor.right || !/[A-Z0-9]/.test(span.text)) continue;
    if (Math.abs(span.v - anchor.v) > 0.45 * Math.min(anchor.height, 1.2 * pitch)) continue;
    if (!nearest || span.left < nearest.left) nearest = span;
  }
  return nearest;
}
