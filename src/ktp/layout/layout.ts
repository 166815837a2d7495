import { median } from '../../text-lines/median.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import { fitFrame } from '../text/frame.ts';
import { type Span, spansOfLine } from '../text/spans.ts';
import { type Anchor, findAnchors } from './anchors.ts';
import { splitBlood } from './blood-label.ts';
import { type Metrics, measureCard, rowPitch } from './card-metrics.ts';
import { cutEdgeOf, isInBody, isMark, isOnCard, issueOf, topOf } from './card-regions.ts';
import { fillSlots, markGaps } from './fill-slots.ts';
import type { Label } from './labels.ts';
import { isStampText } from './overlay.ts';
import type { Slot } from './slot.ts';

/** The card's text sorted by what it belongs to. Values still carry stray separators. */
export interface CardLayout {
  readonly slots: ReadonlyMap<Label, Slot>;
  readonly header: readonly Span[];
  /** Right-hand column at the foot: place and date of issue, top to bottom. */
  readonly issue: readonly Span[];
  readonly anchors: readonly Anchor[];
  /** All text on the page. */
  readonly spans: readonly Span[];
  /** What the labels tell of the card's size; undefined without any text. */
  readonly metrics: Metrics | undefined;
  /** Distance of two rows in pixels. */
  readonly pitch: number;
  /** Where the picture's right edge cuts the text, in the card's frame; undefined where it does not. */
  readonly cutEdge: number | undefined;
}

/** Labels of less quality in all than this are chance. */
const LEAST_LABELS = 1.2;

/** Sorts a card's lines into header, labelled slots and place of issue. */
export function layOut(lines: readonly TextLine[]): CardLayout {
  const frame = fitFrame(lines);
  const spans = lines
    .filter((line) => !frame.isSlanted(line) && !isNoise(line) && !isStampText(line.text))
    .flatMap((line) => spansOfLine(line, frame));
  if (spans.length === 0) {
    return {
      slots: new Map(),
      header: [],
      issue: [],
      anchors: [],
      spans,
      metrics: undefined,
      pitch: 0,
      cutEdge: undefined,
    };
  }
  const found = findAnchors(spans, rowPitch(spans));
  const anchors = found.reduce((sum, { quality }) => sum + quality, 0) < LEAST_LABELS ? [] : found;
  const metrics = measureCard(anchors, spans);
  const taken = new Set(anchors.flatMap((anchor) => anchor.spans));
  const top = topOf(anchors, spans, metrics);
  const height = median((anchors.length > 0 ? anchors : spans).map((item) => item.height));
  const onCard = spans.filter((span) => isOnCard(span, anchors, metrics));
  const free = onCard.filter((span) => !taken.has(span) && !isMark(span, metrics, height));
  const header = free.filter((span) => span.v <= top).sort((first, second) => first.v - second.v);
  const issue = issueOf(free, anchors, metrics);
  const body = free.filter((span) => !issue.includes(span) && span.v > top && isInBody(span, free, metrics));
  const slots = markGaps(splitBlood(fillSlots(anchors, body, metrics)), metrics);
  return { slots, header, issue, anchors, spans, metrics, pitch: metrics.pitch, cutEdge: cutEdgeOf(onCard) };
}

/** Whether the recogniser read next to nothing: texture that the detector took for text. */
function isNoise({ confidence, characters }: TextLine): boolean {
  return confidence < 0.3 || (confidence < 0.5 && characters.length <= 2);
}
