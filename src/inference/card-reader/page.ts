import {
  applyHomography,
  composeHomographies,
  type Homography,
  IDENTITY,
  invertHomography,
} from '../../text-lines/homography.ts';
import type { PageSize, Quad } from '../../text-lines/text-line.ts';
import { inDirection } from './text-direction.ts';

/** A flat, upright view of (a part of) the picture: what lines are placed on. */
export interface Page extends PageSize {
  /** From page pixels to the picture's. */
  readonly toSource: Homography;
}

/**
 * The smallest page that shows some quads of the picture with text along `angle` (radians) running to the right, at
 * the picture's scale, with a margin.
 */
export function pageAround(quads: readonly Quad[], angle: number, margin: number): Page {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const turned = quads.flat().map((point) => inDirection(point, angle));
  const xs = turned.map(({ x }) => x);
  const ys = turned.map(({ y }) => y);
  const left = Math.min(...xs) - margin;
  const top = Math.min(...ys) - margin;
  return {
    width: Math.max(1, Math.max(...xs) + margin - left),
    height: Math.max(1, Math.max(...ys) + margin - top),
    toSource: composeHomographies([cos, -sin, 0, sin, cos, 0, 0, 0, 1], [1, 0, left, 0, 1, top, 0, 0, 1]),
  };
}

/** The smallest upright rectangle of an upright picture that holds a box of a page; all in 0-1 of their own side. */
export function boxToPicture(
  box: readonly [number, number, number, number],
  page: Page,
  toUpright: Homography,
  upright: PageSize,
): [number, number, number, number] {
  const map = composeHomographies(toUpright, page.toSource);
  const [left, top, right, bottom] = box;
  const corners = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ].map(({ x, y }) => applyHomography(map, { x: x * page.width, y: y * page.height }));
  const share = (value: number, side: number): number => Math.min(1, Math.max(0, value / side));
  return [
    share(Math.min(...corners.map(({ x }) => x)), upright.width),
    share(Math.min(...corners.map(({ y }) => y)), upright.height),
    share(Math.max(...corners.map(({ x }) => x)), upright.width),
    share(Math.max(...corners.map(({ y }) => y)), upright.height),
  ];
}

/** The map of a picture's pixels to those of the same picture after quarter turns clockwise, and its size then. */
export function quarterTurn(turns: number, { width, height }: PageSize): { map: Homography; size: PageSize } {
  switch (((turns % 4) + 4) % 4) {
    case 1:
      return { map: [0, -1, height, 1, 0, 0, 0, 0, 1], size: { width: height, height: width } };
    case 2:
      return { map: [-1, 0, width, 0, -1, height, 0, 0, 1], size: { width, height } };
    case 3:
      return { map: [0, 1, 0, -1, 0, width, 0, 0, 1], size: { width: height, height: width } };
    default:
      return { map: IDENTITY, size: { width, height } };
  }
}

/** From the picture's pixels to the page's. */
export function toPage(page: Page): Homography {
  return invertHomography(page.toSource);
}
