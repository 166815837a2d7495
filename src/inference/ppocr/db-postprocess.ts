import type { Point, Quad } from '../../text-lines/text-line.ts';
import { findComponents } from './components.ts';
import { minAreaRectangle, type RotatedRectangle } from './min-area-rectangle.ts';

/** A found piece of text: corners clockwise from the one that is top-left in the picture as it lies. */
export interface TextBox {
  readonly quad: Quad;
  /** Mean text probability inside, 0-1. */
  readonly score: number;
}

/** The text probability of each pixel, row-major. */
export interface ProbabilityMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Values of RapidOCR 3.10 for PP-OCRv6. */
const PIXEL_THRESHOLD = 0.3;
const BOX_THRESHOLD = 0.5;
const UNCLIP_RATIO = 1.6;
const MIN_SIDE = 3;
const MAX_CANDIDATES = 1000;
/** Boxes whose tops differ by less than this are one row when sorted. */
const ROW_TOLERANCE = 10;

/**
 * DB post-processing (Liao 2020, "Real-time Scene Text Detection with Differentiable Binarization"): threshold, grow by
 * a pixel, regions, rotated rectangles, mean score, unclip. Boxes are in pixels of the map, clipped to it.
 */
export function boxesFromProbabilities(map: ProbabilityMap): TextBox[] {
  const regions = findComponents(dilatedMask(map), map.width, map.height).slice(0, MAX_CANDIDATES);
  const boxes: TextBox[] = [];
  for (const { outline } of regions) {
    const rectangle = minAreaRectangle(outline);
    if (Math.min(rectangle.width, rectangle.height) < MIN_SIDE) continue;
    const score = meanInside(map, corners(rectangle));
    if (score < BOX_THRESHOLD) continue;
    // The trained maps are shrunk text: grow back by area x ratio / perimeter. A rectangle with rounded corners has
    // the grown rectangle as its tightest box, so no polygon clipper is needed.
    const distance = (rectangle.width * rectangle.height * UNCLIP_RATIO) / (2 * (rectangle.width + rectangle.height));
    const grown = { ...rectangle, width: rectangle.width + 2 * distance, height: rectangle.height + 2 * distance };
    if (Math.min(grown.width, grown.height) < MIN_SIDE + 2) continue;
    const clipped = corners(grown).map((point) => ({
      x: clamp(point.x, 0, map.width - 1),
      y: clamp(point.y, 0, map.height - 1),
    }));
    const quad = clockwiseFromTopLeft(clipped);
    if (distanceBetween(quad[0], quad[1]) < MIN_SIDE || distanceBetween(quad[0], quad[3]) < MIN_SIDE) continue;
    boxes.push({ quad, score });
  }
  return sortRows(boxes);
}

/** Set where the probability passes the threshold, each pixel grown by one to the right and down (a 2 x 2 kernel). */
function dilatedMask({ data, width, height }: ProbabilityMap): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if ((data[at] ?? 0) <= PIXEL_THRESHOLD) continue;
      mask[at] = 1;
      const right = x + 1 < width;
      const below = y + 1 < height;
      if (right) mask[at + 1] = 1;
      if (below) mask[at + width] = 1;
      if (right && below) mask[at + width + 1] = 1;
    }
  }
  return mask;
}

function corners({ centre, axis, width, height }: RotatedRectangle): Point[] {
  const ux = (axis.x * width) / 2;
  const uy = (axis.y * width) / 2;
  const vx = (-axis.y * height) / 2;
  const vy = (axis.x * height) / 2;
  return [
    { x: centre.x - ux - vx, y: centre.y - uy - vy },
    { x: centre.x + ux - vx, y: centre.y + uy - vy },
    { x: centre.x + ux + vx, y: centre.y + uy + vy },
    { x: centre.x - ux + vx, y: centre.y - uy + vy },
  ];
}

/** Mean of the map over the pixels whose centres lie inside the convex polygon, edges included. */
function meanInside(map: ProbabilityMap, polygon: readonly Point[]): number {
  const top = clamp(Math.floor(Math.min(...polygon.map((point) => point.y))), 0, map.height - 1);
  const bottom = clamp(Math.ceil(Math.max(...polygon.map((point) => point.y))), 0, map.height - 1);
  let sum = 0;
  let count = 0;
  for (let y = top; y <= bottom; y++) {
    let left = Number.POSITIVE_INFINITY;
    let right = Number.NEGATIVE_INFINITY;
    for (const [index, from] of polygon.entries()) {
      const to = polygon[(index + 1) % polygon.length] ?? from;
      if (Math.min(from.y, to.y) > y || Math.max(from.y, to.y) < y) continue;
      const x = from.y === to.y ? from.x : from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
      left = Math.min(left, x, from.y === to.y ? to.x : x);
      right = Math.max(right, x, from.y === to.y ? to.x : x);
    }
    const first = clamp(Math.floor(left), 0, map.width - 1);
    const last = clamp(Math.floor(right), -1, map.width - 1);
    for (let x = first; x <= last; x++) sum += map.data[y * map.width + x] ?? 0;
    count += Math.max(0, last - first + 1);
  }
  return count > 0 ? sum / count : 0;
}

/** Orders four corners clockwise from the top-left one, by position: exact for less than 45 degrees of tilt. */
export function clockwiseFromTopLeft(points: readonly Point[]): Quad {
  const byX = [...points].sort((p, q) => p.x - q.x);
  const [leftTop, leftBottom] = byX.slice(0, 2).sort((p, q) => p.y - q.y);
  const [rightTop, rightBottom] = byX.slice(2, 4).sort((p, q) => p.y - q.y);
  if (!leftTop || !leftBottom || !rightTop || !rightBottom) throw new RangeError('a box has four corners');
  return [leftTop, rightTop, rightBottom, leftBottom];
}

/** Top to bottom, and left to right within a row. */
function sortRows(boxes: readonly TextBox[]): TextBox[] {
  const byTop = [...boxes].sort((p, q) => p.quad[0].y - q.quad[0].y);
  let row = 0;
  const numbered = byTop.map((box, index) => {
    const above = byTop[index - 1];
    if (above && box.quad[0].y - above.quad[0].y >= ROW_TOLERANCE) row++;
    return { box, row };
  });
  return numbered.sort((p, q) => p.row - q.row || p.box.quad[0].x - q.box.quad[0].x).map(({ box }) => box);
}

function distanceBetween(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
