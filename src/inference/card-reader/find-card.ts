import type { DecodedImage } from '../../media/decode.ts';
import type { PixelBox } from '../../media/orientation.ts';
import { mirrorRaster, RasterPyramid } from '../../media/raster.ts';
import {
  applyHomography,
  composeHomographies,
  type Homography,
  IDENTITY,
  invertHomography,
  mapQuad,
} from '../../text-lines/homography.ts';
import type { Quad } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { boxAround } from './box-around.ts';
import type { Candidate } from './candidates.ts';
import { findDetailWindows } from './detail-windows.ts';
import { isKnownText } from './known-text.ts';
import { isOtherText } from './other-document.ts';
import { type CardLines, LIKELY, type ReadCandidate, type Survey, surveyPicture } from './read-lines.ts';
import { sharpenPicture } from './sharpen-picture.ts';
import { stretchOf, unstretch } from './stretch.ts';
import { extent } from './text-groups.ts';

/** Longer side of the detector's first look at the whole picture, pixels. */
export const SURVEY_SIDE = 736;
/** The same where that and looks at single places found no card. */
export const CLOSE_SURVEY_SIDE = 1472;
/**
 * A picture that the survey made no smaller than this was seen well enough: a card too small for that look is too small
 * to be read.
 */
const MAX_REDUCTION = 1.75;
/** Sum of label qualities that speaks for a card. */
const FEW_LABELS = 0.4;
/** Lines of a group that nobody can read are a mirrored card's if there are this many, below this confidence. */
const MIRRORED_LINES = 8;
const ILLEGIBLE = 0.9;
/** Fit of a spectrum to a kernel from which blur is why a text cannot be read; sharp pictures stay below 0.25. */
const CLEARLY_BLURRED = 0.3;
/** Places that are looked at one by one, and what is shown around each, as a share of its sides. */
const MOST_PLACES = 4;
const PLACE_MARGIN = 0.6;
/**
 * A card this many times too wide or too high is read in a picture that has its form: layout, text of a known form and the
 * detector all count on it. A slant makes less of a difference.
 */
const STRETCHED = 1.45;
/** A card less wide than this (pixels of the decoded picture) is read from the original's own pixels, if it has more. */
const SMALL_CARD = 720;
const WORTH_DECODING = 1.15;
/** Surroundings of a card that is decoded alone, as a share of its height. */
const CARD_MARGIN = 0.3;

/** A card with the picture that its page refers to, which may be a part of the whole one, or mirrored. */
export interface FoundCard {
  readonly card: CardLines;
  /** That it is a KTP, and the same by its text alone. */
  readonly likelihood: number;
  readonly textLikelihood: number;
  readonly picture: RasterPyramid;
  /** From that picture's pixels to those of the decoded image. */
  readonly toImage: Homography;
  /** Pixels of the original per pixel of that picture. */
  readonly reduction: number;
  /** Whether all text of the image is that of other documents, and legible: nothing can show a card. */
  readonly isOtherDocument?: boolean;
}

/**
 * Finds the card of an image and reads its lines. What counts is the card's own pixels, not its share of the picture: a
 * look at the whole, then at the places that hold fine detail in the form of a card, at the original's scale, then at the
 * whole from nearer by. Text that can be read neither way is tried sharpened where its spectrum tells of blur, else
 * mirrored, as front cameras save it.
 */
export async function findCard(ocr: PpOcr, image: DecodedImage): Promise<FoundCard | null> {
  const picture = new RasterPyramid(image.raster);
  const longer = Math.max(picture.base.width, picture.base.height);
  const whole: Place = { picture, toImage: IDENTITY, reduction: image.reduction };
  const survey = await surveyPicture(ocr, picture, SURVEY_SIDE);
  const first = found(whole, survey.best);
  const even = await readUnstretched(ocr, whole, first);
  if (even) return even;
  const seenAtOnce = ifLikely(first);
  if (seenAtOnce) return closer(ocr, image, seenAtOnce);
  // What a look from nearer by may tell needs no sharpening.
  const sharpened = longer <= CLOSE_SURVEY_SIDE ? ifLikely(await readSharpened(ocr, whole, survey)) : null;
  if (sharpened) return sharpened;
  if (survey.candidates.some(isIllegible)) {
    const mirrored = ifLikely(await readMirrored(ocr, whole));
    if (mirrored) return mirrored;
  }
  const isKnown = isOfOtherDocuments(survey);
  const isOther = (candidate: Candidate) => isOtherText(candidate) || isRead(survey, candidate);
  const isNear = longer * image.reduction <= MAX_REDUCTION * SURVEY_SIDE;
  if (longer <= SURVEY_SIDE || (isNear && survey.candidates.every(isOther))) {
    return first && { ...first, isOtherDocument: isKnown };
  }
  const known = survey.otherDocuments.flatMap(({ quads }) => quads);
  const placed = await readPlaces(ocr, image, survey, known);
  if (ifLikely(placed)) return placed;
  const near = await surveyPicture(ocr, picture, Math.min(longer, CLOSE_SURVEY_SIDE), known);
  const second = found(whole, near.best);
  const seenFromNear = ifLikely(second);
  if (seenFromNear) return closer(ocr, image, seenFromNear);
  const sharpenedLast = longer > CLOSE_SURVEY_SIDE ? ifLikely(await readSharpened(ocr, whole, near)) : null;
  if (sharpenedLast) return sharpenedLast;
  const seen = [first, placed, second].filter((card) => card !== null);
  const best = seen.sort((p, q) => q.likelihood - p.likelihood)[0];
  return best ? { ...best, isOtherDocument: isKnown && isOfOtherDocuments(near) } : null;
}

/** Whether a candidate was read and is another document, or the same text as one. */
function isRead({ otherDocuments }: Survey, candidate: Candidate): boolean {
  return otherDocuments.some((other) => other.candidate === candidate || isKnownText(candidate.quads, other.quads));
}

/** Whether all text that a survey saw is that of other documents. */
function isOfOtherDocuments(survey: Survey): boolean {
  return survey.candidates.every((candidate) => isRead(survey, candidate));
}

/** A picture that is looked at, and where it lies in the image. */
export type Place = Omit<FoundCard, 'card' | 'likelihood' | 'textLikelihood'>;

/** What a survey of a place saw of a card, if anything. */
export function found(place: Place, best: ReadCandidate | null): FoundCard | null {
  if (!best) return null;
  const { card, likelihood, textLikelihood } = best;
  return { ...place, card, likelihood, textLikelihood };
}

/** The card, if what was found is likely one. */
export function ifLikely(card: FoundCard | null): FoundCard | null {
  return card !== null && card.likelihood >= LIKELY ? card : null;
}

/** Whether many lines were found that say nothing from either end. */
function isIllegible({ direction, group }: Candidate): boolean {
  return group.length >= MIRRORED_LINES && direction.confidence < ILLEGIBLE && direction.labels < FEW_LABELS;
}

/** Reads the picture sharpened against the blur of text that can hardly be read. The card's picture is the plain one. */
async function readSharpened(ocr: PpOcr, place: Place, { candidates }: Survey): Promise<FoundCard | null> {
  const blurred = candidates.find(({ direction }) => direction.confidence < ILLEGIBLE);
  if (!blurred) return null;
  const sharp = sharpenPicture(place.picture.base, blurred.quads.map(boxAround), CLEARLY_BLURRED);
  if (!sharp) return null;
  const { best } = await surveyPicture(ocr, new RasterPyramid(sharp), SURVEY_SIDE);
  return found(place, best);
}

/** Reads a card that was stretched to one side in a picture that has its form again; null where none was or is. */
async function readUnstretched(
  ocr: PpOcr,
  { picture, reduction }: Place,
  seen: FoundCard | null,
): Promise<FoundCard | null> {
  const stretch = seen && clearStretchOf(seen);
  if (!stretch) return null;
  const even = unstretch(picture, stretch, seen.card.angle);
  const { best } = await surveyPicture(ocr, even.picture, SURVEY_SIDE);
  const [across, , , , down] = even.toImage;
  const card = ifLikely(found({ ...even, reduction: reduction * Math.min(across, down) }, best));
  return card && clearStretchOf(card) === null ? card : null;
}

/** How many times a card is too wide (or, below 1, too high), where that is more than a slant makes of it; else null. */
function clearStretchOf({ card: { frame, lines } }: FoundCard): number | null {
  const stretch = frame && stretchOf(lines, frame);
  return stretch !== null && Math.abs(Math.log(stretch)) >= Math.log(STRETCHED) ? stretch : null;
}

async function readMirrored(ocr: PpOcr, { picture, reduction }: Place): Promise<FoundCard | null> {
  const mirrored = new RasterPyramid(mirrorRaster(picture.base));
  const { best } = await surveyPicture(ocr, mirrored, SURVEY_SIDE);
  const toImage: Homography = [-1, 0, picture.base.width, 0, 1, 0, 0, 0, 1];
  return found({ picture: mirrored, toImage, reduction }, best);
}

/** Looks at single places of the image from near by: where fine detail has the form of a card. */
async function readPlaces(
  ocr: PpOcr,
  image: DecodedImage,
  survey: Survey,
  /** Legible text of other documents, in pixels of the image. */
  known: readonly Quad[],
): Promise<FoundCard | null> {
  const boxes = findDetailWindows(image.raster, MOST_PLACES);
  let best: FoundCard | null = null;
  for (const box of boxes) {
    if (survey.candidates.some((candidate) => isOtherText(candidate) && covers(candidate, box))) continue;
    const place = await decodePlace(image, grow(box, PLACE_MARGIN * box.width, PLACE_MARGIN * box.height));
    const toPlace = invertHomography(place.toImage);
    const knownThere = known.map((quad) => mapQuad(toPlace, quad));
    const { best: read } = await surveyPicture(ocr, place.picture, SURVEY_SIDE, knownThere);
    const seen = found(place, read);
    // The place may show a part of the card only.
    const card = seen && seen.textLikelihood >= LIKELY ? await closer(ocr, image, seen) : seen;
    if (ifLikely(card)) return card;
    if (card && card.likelihood > (best?.likelihood ?? 0)) best = card;
  }
  return best;
}

/** Whether a box lies within a candidate's text. */
function covers({ group }: Candidate, { left, top, width, height }: PixelBox): boolean {
  const corners = group.flat();
  const [x0, x1] = extent(corners, { x: 1, y: 0 });
  const [y0, y1] = extent(corners, { x: 0, y: 1 });
  const across = Math.min(x1, left + width) - Math.max(x0, left);
  const down = Math.min(y1, top + height) - Math.max(y0, top);
  return across > 0.7 * width && down > 0.7 * height;
}

/** The card read again from the original's pixels, where it was seen smaller than these or not as a whole. */
async function closer(ocr: PpOcr, image: DecodedImage, card: FoundCard): Promise<FoundCard> {
  const box = boxOnImage(card);
  if (!box) return card;
  const whole = { left: 0, top: 0, width: image.raster.width, height: image.raster.height };
  const partial = card.toImage !== IDENTITY && !holds(regionOf(card), box, whole);
  const small = widthOf(card) < SMALL_CARD && card.reduction > WORTH_DECODING;
  if (!partial && !small) return card;
  const place = await decodePlace(image, grow(box, CARD_MARGIN * box.height, CARD_MARGIN * box.height));
  const { best } = await surveyPicture(ocr, place.picture, SURVEY_SIDE);
  const again = ifLikely(found(place, best));
  if (!again) return partial ? moveTo(place, card) : card;
  return { ...again, card: { ...again.card, otherCards: Math.max(again.card.otherCards, card.card.otherCards) } };
}

/** A card whose lines were read in a part of the image, with its page in a picture that shows more of it. */
function moveTo(place: Place, { card, toImage, ...rest }: FoundCard): FoundCard {
  const toPlace = composeHomographies(invertHomography(place.toImage), toImage);
  const page = { ...card.page, toSource: composeHomographies(toPlace, card.page.toSource) };
  return { ...rest, ...place, card: { ...card, page } };
}

/** Width of the card in pixels of its picture. */
function widthOf({ card }: FoundCard): number {
  return card.frame ? card.frame.right - card.frame.left : Number.POSITIVE_INFINITY;
}

/** The card's frame in pixels of the decoded image. */
function boxOnImage({ card, toImage }: FoundCard): PixelBox | null {
  const { frame, page } = card;
  if (!frame) return null;
  const corners = [
    { x: frame.left, y: frame.top },
    { x: frame.right, y: frame.top },
    { x: frame.right, y: frame.bottom },
    { x: frame.left, y: frame.bottom },
  ].map((corner) => applyHomography(toImage, applyHomography(page.toSource, corner)));
  const [left, right] = extent(corners, { x: 1, y: 0 });
  const [top, bottom] = extent(corners, { x: 0, y: 1 });
  return { left, top, width: right - left, height: bottom - top };
}

/** What a picture shows of the image, in its pixels. */
function regionOf({ picture, toImage }: Place): PixelBox {
  const first = applyHomography(toImage, { x: 0, y: 0 });
  const last = applyHomography(toImage, { x: picture.base.width, y: picture.base.height });
  return { left: first.x, top: first.y, width: last.x - first.x, height: last.y - first.y };
}

/** Whether a region holds all of a box that lies in the whole. */
function holds(region: PixelBox, box: PixelBox, whole: PixelBox): boolean {
  const slack = 0.02 * box.width;
  return (
    region.left <= Math.max(box.left, whole.left) + slack &&
    region.top <= Math.max(box.top, whole.top) + slack &&
    region.left + region.width >= Math.min(box.left + box.width, whole.width) - slack &&
    region.top + region.height >= Math.min(box.top + box.height, whole.height) - slack
  );
}

function grow({ left, top, width, height }: PixelBox, across: number, down: number): PixelBox {
  return { left: left - across, top: top - down, width: width + 2 * across, height: height + 2 * down };
}

/** A part of the image at the original's scale. */
async function decodePlace(image: DecodedImage, box: PixelBox): Promise<Place> {
  const left = Math.max(0, Math.floor(box.left));
  const top = Math.max(0, Math.floor(box.top));
  const right = Math.min(image.raster.width, Math.ceil(box.left + box.width));
  const bottom = Math.min(image.raster.height, Math.ceil(box.top + box.height));
  const region = { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
  const raster = await image.decodeRegion(region);
  const scale = region.width / raster.width;
  return {
    picture: new RasterPyramid(raster),
    toImage: [scale, 0, left, 0, region.height / raster.height, top, 0, 0, 1],
    reduction: image.reduction * scale,
  };
}
