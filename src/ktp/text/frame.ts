import type { Point, TextLine } from '../../text-lines/text-line.ts';

/**
 * The card's own axes: `u` along the text, `v` across it, both in pixels. Small residual turns and the fanning out of
 * rows in a picture taken at a slant are taken out, so that what stands on one row has nearly one `v`.
 */
export interface Frame {
  toFrame(point: Point): FramePoint;
  /** Whether a line runs clearly askew to the others: a stamp or a mark across the card. */
  isSlanted(line: TextLine): boolean;
  /**
   * The same of a piece of text that is too short for a direction of its own unless it is steep on the page. For pages that
   * lie as their card does: on one that lies as a letter beside it, the card's own labels are such pieces.
   */
  isSteepPiece(line: TextLine): boolean;
}

export interface FramePoint {
  readonly u: number;
  readonly v: number;
}

interface Slope {
  readonly slope: number;
  readonly y: number;
  readonly weight: number;
}

/** Slopes farther than this from the median belong to other text (a stamp, the background). */
const OUTLIER_SLOPE = 0.12;
/** A piece of text so short, in its heights, has a direction of its own only where it is steeper than this on the page. */
const SHORT_PIECE = 1.5;
const STEEP = 0.35;

/** Midpoints of the left and of the right side of a line. */
export function midline(line: TextLine): readonly [Point, Point] {
  const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
  return [
    { x: (topLeft.x + bottomLeft.x) / 2, y: (topLeft.y + bottomLeft.y) / 2 },
    { x: (topRight.x + bottomRight.x) / 2, y: (topRight.y + bottomRight.y) / 2 },
  ];
}

/** Height of a line in pixels, across its text. */
export function lineHeight(line: TextLine): number {
  const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
  const left = Math.hypot(topLeft.x - bottomLeft.x, topLeft.y - bottomLeft.y);
  const right = Math.hypot(topRight.x - bottomRight.x, topRight.y - bottomRight.y);
  return (left + right) / 2;
}

/** Fits the text's slope as `a + b * y` to the lines that are long enough to tell. */
export function fitFrame(lines: readonly TextLine[]): Frame {
  const slopes = lines.map((line) => slopeOf(line)).filter((slope) => slope !== undefined);
  const middle = weightedMedian(slopes);
  const kept = slopes.filter((entry) => Math.abs(entry.slope - middle) < OUTLIER_SLOPE);
  const total = kept.reduce((sum, entry) => sum + entry.weight, 0);
  const meanY = total > 0 ? kept.reduce((sum, entry) => sum + entry.y * entry.weight, 0) / total : 0;
  const mean = total > 0 ? kept.reduce((sum, entry) => sum + entry.slope * entry.weight, 0) / total : 0;
  let covariance = 0;
  let variance = 0;
  for (const entry of kept) {
    covariance += entry.weight * (entry.y - meanY) * (entry.slope - mean);
    variance += entry.weight * (entry.y - meanY) ** 2;
  }
  const fan = kept.length >= 6 && variance > 0 ? covariance / variance : 0;
  const origin = pageCentre(lines);
  const isAskew = (own: Slope | undefined): boolean =>
    own !== undefined && Math.abs(own.slope - (mean + fan * (own.y - meanY))) > 1.5 * OUTLIER_SLOPE;
  return {
    isSlanted(line) {
      return isAskew(slopeOf(line));
    },
    isSteepPiece(line) {
      const own = slopeOf(line, SHORT_PIECE);
      return own !== undefined && Math.abs(own.slope) > STEEP && isAskew(own);
    },
    toFrame(point) {
      const slope = mean + fan * (point.y - meanY);
      return { u: point.x + mean * (point.y - origin.y), v: point.y - slope * (point.x - origin.x) };
    },
  };
}

/** Slope of a line that is long enough to tell: so many of its heights. */
function slopeOf(line: TextLine, leastHeights = 2.5): Slope | undefined {
  const [left, right] = midline(line);
  const width = right.x - left.x;
  if (width <= leastHeights * lineHeight(line) || line.text.length < 4) return undefined;
  return { slope: (right.y - left.y) / width, y: (left.y + right.y) / 2, weight: width };
}

function pageCentre(lines: readonly TextLine[]): Point {
  if (lines.length === 0) return { x: 0, y: 0 };
  let x = 0;
  let y = 0;
  for (const line of lines) {
    const [left, right] = midline(line);
    x += (left.x + right.x) / 2;
    y += (left.y + right.y) / 2;
  }
  return { x: x / lines.length, y: y / lines.length };
}

function weightedMedian(slopes: readonly Slope[]): number {
  const sorted = [...slopes].sort((first, second) => first.slope - second.slope);
  const half = sorted.reduce((sum, entry) => sum + entry.weight, 0) / 2;
  let passed = 0;
  for (const entry of sorted) {
    passed += entry.weight;
    if (passed >= half) return entry.slope;
  }
  return 0;
}
