import type { RasterPyramid } from '../../media/raster.ts';
import type { Point, Quad } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { type Direction, decideDirection } from './direction.ts';
import { isKnownText } from './known-text.ts';
import { pageAround } from './page.ts';
import { dominantAngle, typicalHeight } from './text-direction.ts';
import { extent, groupText, type TextGroup } from './text-groups.ts';
import { lookAtPage, lookAtPicture, MAX_ENLARGEMENT, scaleOfPage, type View } from './views.ts';

/** Boxes of lower text than this (in the detector's pixels) are rough, and some lines were not found at all. */
const MIN_TEXT_HEIGHT = 14;
/** Text turned by more than this from the axes is found less well. */
const MAX_SKEW = (10 * Math.PI) / 180;
/** Looks at one candidate after the survey, each closer than the one before. */
const MAX_LOOKS = 2;
/** A closer look must show the text at least this much larger. */
const MIN_GAIN = 1.15;
/** A card's group has about 30 boxes; with fewer than this, its surroundings hold more of it. */
const WHOLE_CARD_BOXES = 16;
/** Surroundings to look at around a group that may be a part of a card, and around a whole one, in line heights. */
const WIDE_MARGIN = 10;
const MARGIN = 3;
/** Groups of text that are looked at as cards, and how much text they have at least, also against the largest. */
const MAX_CANDIDATES = 3;
const MIN_SHARE = 0.25;
const MIN_WEIGHT = 6;
/** Share of a group's text that makes it part of another. */
const MOSTLY = 0.8;

/** Text that may be a card. */
export interface Candidate {
  /** The look in which its lines were found best. */
  readonly view: View;
  /** The lines that belong together, of the view's, and what stands apart in their rows. */
  readonly quads: readonly Quad[];
  /** Those that belong together. */
  readonly group: readonly Quad[];
  readonly direction: Direction;
  /** Height of a typical line in pixels of the picture. */
  readonly lineHeight: number;
}

/**
 * Surveys the picture at a size and looks closer at the groups of text in it, the ones with most text first; not at text that
 * is `known` to be no card's.
 */
export async function findCandidates(
  ocr: PpOcr,
  picture: RasterPyramid,
  side: number,
  known: readonly Quad[] = [],
): Promise<Candidate[]> {
  const survey = await lookAtPicture(ocr, picture, side);
  const groups = groupText(survey.quads);
  const least = Math.max(MIN_WEIGHT, MIN_SHARE * (groups[0]?.weight ?? 0));
  const candidates: Candidate[] = [];
  const large = groups.filter(({ quads, weight }) => weight >= least && !isKnownText(quads, known));
  for (const group of large.slice(0, MAX_CANDIDATES)) {
    // A closer look may have shown that two groups of the survey are one.
    if (candidates.some((candidate) => holds(candidate, group))) continue;
    candidates.push(await lookCloser(ocr, picture, group, survey));
  }
  return candidates;
}

/** Looks at one group of text until its lines are large and level enough to have been found one by one. */
async function lookCloser(ocr: PpOcr, picture: RasterPyramid, first: TextGroup, survey: View): Promise<Candidate> {
  let group = first;
  let view = survey;
  let axis = dominantAngle(group.quads);
  for (let look = 0; look < MAX_LOOKS; look++) {
    const lineHeight = typicalHeight(group.quads);
    const partial = group.quads.length < WHOLE_CARD_BOXES;
    const clear = lineHeight * view.scale >= MIN_TEXT_HEIGHT || view.scale >= MAX_ENLARGEMENT;
    if (clear && isLevel(axis - view.angle) && !(partial && look === 0)) break;
    const margin = (partial ? WIDE_MARGIN : MARGIN) * lineHeight;
    const page = pageAround(withNeighbours(group, view, axis), axis, margin);
    if (look > 0 && scaleOfPage(page) < MIN_GAIN * view.scale) break;
    const closer = await lookAtPage(ocr, picture, page, axis);
    const found = groupText(closer.quads)[0];
    if (!found || found.weight < group.weight / 2) break;
    view = closer;
    group = found;
    axis = dominantAngle(group.quads);
  }
  const quads = withNeighbours(group, view, axis);
  const direction = await decideDirection(ocr, picture, quads, axis);
  return { view, quads, group: group.quads, direction, lineHeight: typicalHeight(group.quads) };
}

/** Whether most of a group's text lies where a candidate's lines do. */
function holds({ group, direction }: Candidate, { quads }: TextGroup): boolean {
  const { along, across } = axesOf(direction.angle);
  const [left, right] = extent(group.flat(), along);
  const [top, bottom] = extent(group.flat(), across);
  const inside = quads.filter((quad) => {
    const [start, end] = extent(quad, along);
    const [upper, lower] = extent(quad, across);
    const [x, y] = [(start + end) / 2, (upper + lower) / 2];
    return x > left && x < right && y > top && y < bottom;
  });
  return inside.length >= MOSTLY * quads.length;
}

/** Unit vectors along the rows and from row to row. */
function axesOf(angle: number): { along: Point; across: Point } {
  const along = { x: Math.cos(angle), y: Math.sin(angle) };
  return { along, across: { x: -along.y, y: along.x } };
}

function isLevel(angle: number): boolean {
  return Math.abs(angle - (Math.PI / 2) * Math.round(angle / (Math.PI / 2))) < MAX_SKEW;
}

/**
 * The group with what may belong to it: place and date of issue stand apart, up to about half a card away, within the
 * same rows.
 */
function withNeighbours(group: TextGroup, view: View, axis: number): Quad[] {
  const { along, across } = axesOf(axis);
  const corners = group.quads.flat();
  const [left, right] = extent(corners, along);
  const [top, bottom] = extent(corners, across);
  const reach = 0.5 * (right - left);
  const lineHeight = typicalHeight(group.quads);
  return view.quads.filter((quad) => {
    const [start, end] = extent(quad, along);
    const [upper, lower] = extent(quad, across);
    const middle = (upper + lower) / 2;
    const near = end > left - reach && start < right + reach;
    return near && middle > top - 2 * lineHeight && middle < bottom + 3 * lineHeight;
  });
}
