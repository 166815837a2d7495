import type { Point, Quad } from '../../text-lines/text-line.ts';
import { longAxis, wrapHalfTurn } from './text-direction.ts';

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
/** Groups with so many long boxes each run the same way within this angle: a slanted card's rows fan out by less. */
const GROUP_TOLERANCE = (8 * Math.PI) / 180;
const TELLING_BOXES = 3;
/** Boxes at least this many times as long as high have an angle worth comparing. */
const LONG = 2.2;

/**
 * Groups pieces of text by closeness, size and direction; the one with the most text first. Those that run the most alike
 * are joined first, and no box joins two groups that run in different directions: a letter below a card stays apart.
 */
export function groupText(quads: readonly Quad[]): TextGroup[] {
  const boxes = quads.map(measure);
  const groups = new Map(boxes.map((box) => [box, groupOf(box)]));
  for (const [box, other] of neighbours(boxes)) {
    const [first, second] = [groups.get(box), groups.get(other)];
    if (!first || !second || first === second || !runAlike(first, second)) continue;
    const joined = join(first, second);
    for (const member of joined.boxes) groups.set(member, joined);
  }
  return [...new Set(groups.values())]
    .map(({ boxes: own }) => ({
      quads: boxes.filter((box) => own.has(box)).map(({ quad }) => quad),
      weight: [...own].reduce((sum, { length, height }) => sum + Math.min(20, length / height), 0),
    }))
    .sort((p, q) => q.weight - p.weight);
}

/** Pairs of boxes that lie together, those that run the most alike first, and those with a short one last. */
function neighbours(boxes: readonly MeasuredBox[]): [MeasuredBox, MeasuredBox][] {
  const pairs: { pair: [MeasuredBox, MeasuredBox]; turn: number }[] = [];
  for (const [index, box] of boxes.entries()) {
    for (const other of boxes.slice(index + 1)) {
      if (!areNeighbours(box, other)) continue;
      pairs.push({ pair: [box, other], turn: isLong(box) && isLong(other) ? turnBetween(box, other) : Math.PI });
    }
  }
  return pairs.sort((p, q) => p.turn - q.turn).map(({ pair }) => pair);
}

/** Angle between the directions of two boxes, which read the same from both ends; radians. */
function turnBetween(first: MeasuredBox, second: MeasuredBox): number {
  return Math.abs(wrapHalfTurn(first.angle - second.angle));
}

interface Group {
  readonly boxes: ReadonlySet<MeasuredBox>;
  /** How many of them are long. */
  readonly long: number;
  /** Sum of the long boxes' directions, by length; of doubled angles, since a box reads the same from both ends. */
  readonly direction: Point;
}

function groupOf(box: MeasuredBox): Group {
  const weight = isLong(box) ? box.length : 0;
  const direction = { x: weight * Math.cos(2 * box.angle), y: weight * Math.sin(2 * box.angle) };
  return { boxes: new Set([box]), long: isLong(box) ? 1 : 0, direction };
}

function join(first: Group, second: Group): Group {
  const direction = { x: first.direction.x + second.direction.x, y: first.direction.y + second.direction.y };
  return { boxes: new Set([...first.boxes, ...second.boxes]), long: first.long + second.long, direction };
}

/** Whether two groups run the same way, as far as their long boxes tell it. */
function runAlike(one: Group, other: Group): boolean {
  const [first, second] = [one.direction, other.direction];
  const areTelling = Math.min(one.long, other.long) >= TELLING_BOXES;
  const tolerance = areTelling ? GROUP_TOLERANCE : ANGLE_TOLERANCE;
  const lengths = Math.hypot(first.x, first.y) * Math.hypot(second.x, second.y);
  return first.x * second.x + first.y * second.y >= Math.cos(2 * tolerance) * lengths;
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

function isLong({ length, height }: MeasuredBox): boolean {
  return length >= LONG * height;
}

function areNeighbours(first: MeasuredBox, second: MeasuredBox): boolean {
  const high = Math.max(first.height, second.height);
  const low = Math.min(first.height, second.height);
  if (high > HEIGHT_RATIO * low) return false;
  if (isLong(first) && isLong(second) && turnBetween(first, second) > ANGLE_TOLERANCE) return false;
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
