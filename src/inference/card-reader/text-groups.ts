import type { Point, Quad } from '../../text-lines/text-line.ts';
import { longAxis } from './text-direction.ts';

/** Pieces of text that lie together, as on one card or in one paragraph. */
export interface TextGroup {
  readonly quads: readonly Quad[];
  /** About the number of characters: length over height, summed. */
  readonly weight: number;
}

/** Rows of one card follow each other within this many text heights, words of a row within that many. */
const ROW_GAP = 1.3;
const WORD_GAP = 3.5;
/** Text of one group differs in height by this factor at most (the NIK and the header are larger than the rest). */
const HEIGHT_RATIO = 2.5;
/** Text of one group runs the same way within this angle. */
const ANGLE_TOLERANCE = (14 * Math.PI) / 180;
/** Boxes at least this many times as long as high have an angle worth comparing. */
const LONG = 2.2;

/** Groups pieces of text by closeness, size and direction; the one with the most text first. */
export function groupText(quads: readonly Quad[]): TextGroup[] {
  const boxes = quads.map(measure);
  const parent = boxes.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (parent[root] !== root) root = parent[root] ?? root;
    parent[index] = root;
    return root;
  };
  for (const [index, box] of boxes.entries()) {
    for (let other = index + 1; other < boxes.length; other++) {
      const second = boxes[other];
      if (second && rootOf(index) !== rootOf(other) && areNeighbours(box, second))
        parent[rootOf(index)] = rootOf(other);
    }
  }
  const groups = new Map<number, { quads: Quad[]; weight: number }>();
  for (const [index, box] of boxes.entries()) {
    const root = rootOf(index);
    const group = groups.get(root) ?? { quads: [], weight: 0 };
    group.quads.push(box.quad);
    group.weight += Math.min(20, box.length / box.height);
    groups.set(root, group);
  }
  return [...groups.values()].sort((p, q) => q.weight - p.weight);
}

interface MeasuredBox {
  readonly quad: Quad;
  readonly angle: number;
  readonly length: number;
  readonly height: number;
}

function measure(quad: Quad): MeasuredBox {
  const { angle, length, height } = longAxis(quad);
  return { quad, angle, length, height: Math.max(height, 1) };
}

function areNeighbours(first: MeasuredBox, second: MeasuredBox): boolean {
  const high = Math.max(first.height, second.height);
  const low = Math.min(first.height, second.height);
  if (high > HEIGHT_RATIO * low) return false;
  const firstLong = first.length >= LONG * first.height;
  const secondLong = second.length >= LONG * second.height;
  if (firstLong && secondLong) {
    const turn = first.angle - second.angle;
    if (Math.abs(turn - Math.PI * Math.round(turn / Math.PI)) > ANGLE_TOLERANCE) return false;
  }
  const angle = first.length >= second.length ? first.angle : second.angle;
  const along = gap(first.quad, second.quad, { x: Math.cos(angle), y: Math.sin(angle) });
  const across = gap(first.quad, second.quad, { x: -Math.sin(angle), y: Math.cos(angle) });
  return along <= WORD_GAP * low && across <= ROW_GAP * low;
}

/** Distance between two quads along a direction, 0 where they overlap. */
function gap(first: Quad, second: Quad, axis: Point): number {
  const [low, high] = extent(first, axis);
  const [otherLow, otherHigh] = extent(second, axis);
  return Math.max(0, otherLow - high, low - otherHigh);
}

/** Where quads' corners begin and end along a direction (a unit vector). */
export function extent(corners: readonly Point[], axis: Point): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { x, y } of corners) {
    const along = x * axis.x + y * axis.y;
    low = Math.min(low, along);
    high = Math.max(high, along);
  }
  return [low, high];
}
