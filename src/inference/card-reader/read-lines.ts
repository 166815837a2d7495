import type { Quad, TextLine } from '../../ktp/text-line.ts';
import { composeHomographies, type Homography, mapQuad } from '../../media/homography.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type DetectionWindow, networkSide, wholePictureWindow } from '../ppocr/detection.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import { frameFromLabels, linesInside, type Rectangle } from './card-frame.ts';
import { type Direction, decideDirection } from './direction.ts';
import { findLabelHits } from './label-hits.ts';
import { type Page, pageAround, toPage } from './page.ts';
import { dominantAngle, longAxis, readAlong } from './text-direction.ts';
import { extent, groupText, type TextGroup } from './text-groups.ts';

/** Longer side of the detector's first look at the whole picture, pixels. */
const SURVEY_SIDE = 736;
/** The same where that found no card: for cards that are small in a large picture. */
const CLOSE_SURVEY_SIDE = 1472;
/** Pixels of the detector's look at one card alone; and how far it may enlarge. */
const CARD_PIXELS = 736 * 480;
const MAX_ENLARGEMENT = 3;
/** Boxes of lower text than this (in the detector's pixels) are rough, and some lines were not found at all. */
const MIN_TEXT_HEIGHT = 14;
/** Text turned by more than this from the axes is found less well. */
const MAX_SKEW = (10 * Math.PI) / 180;
/** Looks at one candidate after the survey, each closer than the one before. */
const MAX_LOOKS = 2;
/** A card's group has about 30 boxes; with fewer than this, its surroundings hold more of it. */
const WHOLE_CARD_BOXES = 16;
/** Groups of text that are looked at as cards, and how much text they have at least against the largest. */
const MAX_CANDIDATES = 3;
const MIN_SHARE = 0.25;
/** Sum of label qualities from which a group is taken for a card. */
const CARD_LABELS = 1.2;

export interface CardLines {
  /** Upright view of the text. */
  readonly page: Page;
  /** Lines of the card in page pixels. */
  readonly lines: readonly TextLine[];
  /** Where the card's edges should be on the page, judged by its labels. */
  readonly frame: Rectangle | null;
  /** Direction of the text in the picture, radians clockwise, -180..180 degrees. */
  readonly angle: number;
  /** Other groups of text that look like cards too. */
  readonly otherCards: number;
  /** Height of a typical line in pixels of the picture. */
  readonly lineHeight: number;
}

interface Candidate {
  readonly quads: readonly Quad[];
  readonly direction: Direction;
  /** Height of a typical line in pixels of the picture. */
  readonly lineHeight: number;
}

/** Text that was found in the picture, and how large it was in the detector's window. */
interface View {
  readonly quads: readonly Quad[];
  /** Window pixels per picture pixel. */
  readonly scale: number;
  /** Angle of the window's rows in the picture, radians. */
  readonly angle: number;
}

/**
 * Finds the (largest) card of a picture by its text and reads that, whatever way it lies: a look at the whole picture
 * tells where text is and how it runs; where it is small or askew, closer looks at that part, upright and enlarged,
 * find the lines; a few of them tell the direction and whether it is a card.
 */
export async function readLines(ocr: PpOcr, picture: RasterPyramid): Promise<CardLines | null> {
  const { width, height } = picture.base;
  const longer = Math.max(width, height);
  let candidates = await findCandidates(ocr, picture, SURVEY_SIDE);
  const cardsOf = (all: readonly Candidate[]) => all.filter(({ direction }) => direction.labels >= CARD_LABELS);
  if (cardsOf(candidates).length === 0 && longer > SURVEY_SIDE) {
    candidates = [...candidates, ...(await findCandidates(ocr, picture, Math.min(longer, CLOSE_SURVEY_SIDE)))];
  }
  const cards = cardsOf(candidates).sort((p, q) => q.lineHeight - p.lineHeight);
  const byLabels = candidates.sort((p, q) => q.direction.labels - p.direction.labels);
  const chosen = cards[0] ?? byLabels[0];
  return chosen ? readCandidate(ocr, picture, chosen, Math.max(0, cards.length - 1)) : null;
}

/** Surveys the picture at a size and looks closer at the groups of text in it, the ones with most text first. */
async function findCandidates(ocr: PpOcr, picture: RasterPyramid, side: number): Promise<Candidate[]> {
  const { width, height } = picture.base;
  const scale = side / Math.max(width, height);
  const survey: View = { ...(await detectIn(ocr, picture, wholePictureWindow(width, height, scale))), scale, angle: 0 };
  const groups = groupText(survey.quads);
  const heaviest = groups[0]?.weight ?? 0;
  const candidates: Candidate[] = [];
  for (const group of groups.slice(0, MAX_CANDIDATES)) {
    if (group.weight < MIN_SHARE * heaviest) break;
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
    const skew = axis - view.angle - (Math.PI / 2) * Math.round((axis - view.angle) / (Math.PI / 2));
    const enough = lineHeight * view.scale >= MIN_TEXT_HEIGHT || view.scale >= MAX_ENLARGEMENT;
    if (enough && Math.abs(skew) < MAX_SKEW) break;
    const margin = group.quads.length < WHOLE_CARD_BOXES ? 10 : 3;
    const page = pageAround(withNeighbours(group, view, axis), axis, margin * lineHeight);
    const window = pageWindow(page);
    const scale = window.width / page.width;
    if (look > 0 && scale < 1.15 * view.scale) break;
    view = { ...(await detectIn(ocr, picture, window)), scale, angle: axis };
    const closer = groupText(view.quads)[0];
    if (!closer) break;
    group = closer;
    axis = dominantAngle(group.quads);
  }
  const quads = withNeighbours(group, view, axis);
  return { quads, direction: await decideDirection(ocr, picture, quads, axis), lineHeight: typicalHeight(group.quads) };
}

/**
 * The group with what may belong to it: place and date of issue stand apart, up to about half a card away, within the
 * same rows.
 */
function withNeighbours(group: TextGroup, view: View, axis: number): Quad[] {
  const along = { x: Math.cos(axis), y: Math.sin(axis) };
  const across = { x: -along.y, y: along.x };
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

async function detectIn(
  ocr: PpOcr,
  picture: RasterPyramid,
  window: DetectionWindow,
): Promise<{ quads: readonly Quad[] }> {
  const boxes = await ocr.detect(picture, window);
  return { quads: boxes.map(({ quad }) => mapQuad(window.toSource, quad)) };
}

function pageWindow(page: Page): DetectionWindow {
  const scale = Math.min(MAX_ENLARGEMENT, Math.sqrt(CARD_PIXELS / (page.width * page.height)));
  const width = networkSide(page.width * scale);
  const height = networkSide(page.height * scale);
  const windowToPage: Homography = [page.width / width, 0, 0, 0, page.height / height, 0, 0, 0, 1];
  return { width, height, toSource: composeHomographies(page.toSource, windowToPage) };
}

async function readCandidate(
  ocr: PpOcr,
  picture: RasterPyramid,
  { quads, direction, lineHeight }: Candidate,
  otherCards: number,
): Promise<CardLines> {
  const { angle, known } = direction;
  const unread = [...quads.keys()].filter((index) => !known.has(index));
  const rest = await ocr.recognise(
    picture,
    unread.map((index) => readAlong(quads[index] as Quad, angle)),
    { ...CARD_LINES, emissions: true },
  );
  const read = quads.map((_, index) => known.get(index) ?? rest[unread.indexOf(index)]);
  const page = pageAround(quads, angle, 2 * lineHeight);
  const map = toPage(page);
  const lines = read.flatMap((line) =>
    line && line.text.trim() !== '' ? [{ ...line, quad: mapQuad(map, line.quad) }] : [],
  );
  const frame = frameFromLabels(findLabelHits(lines));
  return { page, lines: frame ? linesInside(lines, frame, FRAME_MARGIN) : lines, frame, angle, otherCards, lineHeight };
}

/** Share of the card's height by which text may lie outside of the frame that its labels give. */
const FRAME_MARGIN = 0.12;

function typicalHeight(quads: readonly Quad[]): number {
  const heights = quads.map((quad) => longAxis(quad).height).sort((p, q) => p - q);
  return heights[heights.length >> 1] ?? 0;
}
