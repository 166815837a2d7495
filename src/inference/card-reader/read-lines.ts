import { isBareLabel } from '../../ktp/layout/labels.ts';
import { likenessOf } from '../../ktp/read-ktp.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { applyHomography, mapQuad } from '../../text-lines/homography.ts';
import type { Point, Quad, TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import { type Candidate, findCandidates } from './candidates.ts';
import { frameFromLabels, isInside, type Rectangle } from './card-frame.ts';
import { isTwin } from './is-twin.ts';
import { isOfCardForm } from './judge-form.ts';
import { isKnownText } from './known-text.ts';
import { findLabelHits } from './label-hits.ts';
import { labelsByPlace } from './labels-by-place.ts';
import { areOfOtherDocument, legibleLines } from './other-document.ts';
import { type Page, pageAround, toPage } from './page.ts';
import { rectifyPage } from './rectify.ts';
import { dominantAngle, readAlong, typicalHeight } from './text-direction.ts';
import { lookAtPage, scaleOfPage, type View } from './views.ts';

/** Sum of label qualities, in a sample of six lines, that makes a group worth reading beside a card or without one. */
const CARD_LABELS = 1.2;
const FEW_LABELS = 0.4;
/** Likelihood of a page with all the labels that has not the form of a card. */
const OTHER_FORM = 0.2;
/** Likelihood from which lines are taken for a KTP's. */
export const LIKELY = 0.5;
/** Surroundings of the frame that its labels give, in shares of the card's height: what is looked at, and where the
 * middles of its lines may lie (printings differ, and a slanted card's far side is larger or smaller). */
const FRAME_MARGIN = 0.12;
const LINE_MARGIN = 0.045;
/** Lines read with this confidence are not read again after a closer look. */
const SURE = 0.97;
/** Once the card is found, text below this height (in the detector's pixels) is worth a look that gains this much. */
const GOOD_TEXT_HEIGHT = 17;
const MIN_GAIN = 1.2;

export interface CardLines {
  /** Upright view of the card, at the picture's scale. */
  readonly page: Page;
  /** Lines of the card in page pixels. */
  readonly lines: readonly TextLine[];
  /** Where the card's edges should be on the page, judged by its labels. */
  readonly frame: Rectangle | null;
  /** Direction of the text in the picture, radians clockwise, -180..180 degrees. */
  readonly angle: number;
  /** Other cards that were seen in the picture: KTPs, or documents with some of the same labels. */
  readonly otherCards: number;
  /** Height of a typical line in pixels of the picture. */
  readonly lineHeight: number;
}

/** The best card that one look at a picture found, read. */
export interface ReadCandidate {
  readonly card: CardLines;
  /** That it is a KTP: by its text, and by its form (see judge-form.ts). */
  readonly likelihood: number;
  /** The same by its text alone: of a card that is cut off the form cannot be seen. */
  readonly textLikelihood: number;
  readonly labels: number;
}

/** A candidate whose lines were read and are those of another document: see other-document.ts. */
export interface OtherDocument {
  readonly candidate: Candidate;
  /** Its legible lines in picture pixels. */
  readonly quads: readonly Quad[];
}

/** What one look at a picture found. */
export interface Survey {
  readonly candidates: readonly Candidate[];
  readonly best: ReadCandidate | null;
  readonly otherDocuments: readonly OtherDocument[];
}

/**
 * Looks for a card in a picture by its text, whatever way it lies, and reads that: a look at the whole picture, its
 * longer side at `side` pixels, tells where text is and how it runs; where it is small or askew, closer looks at that
 * part, upright and enlarged, find the lines; a few of them tell the direction and whether it may be a card. Of several
 * KTPs the largest is read; other cards with some of the same labels are told apart by reading them too. Text that is
 * `known` to be another document's (quads of the picture) is not looked at again.
 */
export async function surveyPicture(
  ocr: PpOcr,
  picture: RasterPyramid,
  side: number,
  known: readonly Quad[] = [],
): Promise<Survey> {
  const candidates = await findCandidates(ocr, picture, side, known);
  return { candidates, ...(await readBest(ocr, picture, candidates)) };
}

/** Reads the candidates that have labels, and picks the largest of those that are KTPs, else the likeliest. */
async function readBest(
  ocr: PpOcr,
  picture: RasterPyramid,
  candidates: readonly Candidate[],
): Promise<Omit<Survey, 'candidates'>> {
  const byLabels = [...candidates].sort((p, q) => q.direction.labels - p.direction.labels);
  const read: ReadCandidate[] = [];
  const otherDocuments: OtherDocument[] = [];
  for (const candidate of byLabels) {
    const likely = read.some(({ likelihood }) => likelihood >= LIKELY);
    if (read.length > 0 && candidate.direction.labels < (likely ? CARD_LABELS : FEW_LABELS)) break;
    if (read.some(({ card }) => covers(card, candidate))) continue;
    if (otherDocuments.some(({ quads }) => isKnownText(candidate.quads, quads))) continue;
    const card = await readCandidate(ocr, picture, candidate);
    const { likelihood, form } = likenessOf(card.lines);
    const ofForm = isOfCardForm(form, picture, card.page, card.frame);
    if (areOfOtherDocument(card.lines, likelihood, form)) {
      const quads = legibleLines(card.lines).map(({ quad }) => mapQuad(card.page.toSource, quad));
      otherDocuments.push({ candidate, quads });
    }
    read.push({
      card,
      likelihood: ofForm ? likelihood : Math.min(likelihood, OTHER_FORM),
      textLikelihood: likelihood,
      labels: candidate.direction.labels,
    });
  }
  const cards = read.filter(({ likelihood }) => likelihood >= LIKELY);
  const best =
    cards.sort((p, q) => q.card.lineHeight - p.card.lineHeight)[0] ??
    read.sort((p, q) => q.likelihood - p.likelihood)[0];
  const others = read.filter((other) => other !== best && (other.likelihood >= LIKELY || other.labels >= CARD_LABELS));
  return {
    best: best ? { ...best, card: { ...best.card, otherCards: others.length } } : null,
    otherDocuments,
  };
}

/** Whether most of a candidate's text lies on a card that was read already. */
function covers({ frame, page }: CardLines, { quads }: Candidate): boolean {
  if (!frame) return false;
  const map = toPage(page);
  const inside = quads.filter((quad) => isInside(mapQuad(map, quad), frame, 0));
  return inside.length > 0.5 * quads.length;
}

/**
 * Reads a candidate's lines. Once its labels tell where the card's edges are, text on the card that was not taken for
 * the group's is read too; and where the card reaches beyond what was looked at, was seen small, or lies otherwise than
 * the text around it, it is looked at once more as a whole.
 */
async function readCandidate(ocr: PpOcr, picture: RasterPyramid, candidate: Candidate): Promise<CardLines> {
  const { view, quads, direction } = candidate;
  const known = new Map<Quad, TextLine>();
  for (const [index, line] of [...direction.known, ...labelsByPlace(quads, direction.angle, direction.known)]) {
    const quad = quads[index];
    if (quad) known.set(quad, line);
  }
  const doubtful = new Set(quads.filter((_, index) => direction.doubtful.has(index)));
  const first = pageAround(quads, direction.angle, 2 * candidate.lineHeight);
  const seen = await readQuads(ocr, picture, quads, direction.angle, first, known, doubtful);
  const rough = frameFromLabels(findLabelHits(seen));
  const guess = { angle: direction.angle, otherCards: 0, lineHeight: candidate.lineHeight };
  if (!rough) return { ...guess, page: first, lines: seen, frame: null };

  // What the group's text told of angle and size may have been that of a letter below the card.
  const firstMap = toPage(first);
  const own = quads.filter((quad) => isInside(mapQuad(firstMap, quad), rough, 0));
  const angle = nearest(dominantAngle(own), direction.angle);
  const lineHeight = typicalHeight(own);
  const turned = pageAround(own, angle, 2 * lineHeight);
  const level = await readQuads(ocr, picture, own, angle, turned, known);
  const straight = rectifyPage(turned, level, findLabelHits(level));
  const frame = frameFromLabels(findLabelHits(await readQuads(ocr, picture, own, angle, straight, known)));
  if (!frame) return { ...guess, page: first, lines: seen, frame: rough };

  const page = pageOfFrame(straight, frame);
  let found = view.quads;
  if (!shows(view, page, lineHeight)) {
    const closer = await lookAtPage(ocr, picture, page, angle);
    found = closer.quads.map((quad) => sureTwin(quad, known) ?? quad);
  }
  const map = toPage(page);
  const card = frameOnPage(page);
  const onCard = found.filter((quad) => isInside(mapQuad(map, quad), card, LINE_MARGIN));
  const lines = await readQuads(ocr, picture, onCard, angle, page, known);
  return { page, lines, frame: frameFromLabels(findLabelHits(lines)), angle, otherCards: 0, lineHeight };
}

/** A quad that was read with confidence before and lies where a newly found one does. */
function sureTwin(quad: Quad, known: ReadonlyMap<Quad, TextLine>): Quad | undefined {
  for (const [other, line] of known) if (line.confidence >= SURE && isTwin(quad, other)) return other;
  return undefined;
}

/** The one of an axis' two directions that is nearer to a known one; radians. */
function nearest(axis: number, direction: number): number {
  return axis + Math.PI * Math.round((direction - axis) / Math.PI);
}

/**
 * Reads quads of the picture and places the lines on a page; `known` holds what was read before, and is added to. Of
 * `doubtful` ones it is known that the quick recogniser does not do.
 */
async function readQuads(
  ocr: PpOcr,
  picture: RasterPyramid,
  quads: readonly Quad[],
  angle: number,
  page: Page,
  known: Map<Quad, TextLine>,
  doubtful: ReadonlySet<Quad> = new Set(),
): Promise<TextLine[]> {
  const unread = quads.filter((quad) => !known.has(quad));
  const indexes = unread.flatMap((quad, index) => (doubtful.has(quad) ? [index] : []));
  const read = await ocr.recognise(
    picture,
    unread.map((quad) => readAlong(quad, angle)),
    { ...CARD_LINES, emissions: true, doubtful: new Set(indexes), isEnough: isBareLabel },
  );
  for (const [index, quad] of unread.entries()) {
    const line = read[index];
    if (line) known.set(quad, line);
  }
  const map = toPage(page);
  return quads.flatMap((quad) => {
    const line = known.get(quad);
    return line && line.text.trim() !== '' ? [{ ...line, quad: mapQuad(map, line.quad) }] : [];
  });
}

/** The part of a page that a card takes up, with room for other printings and slant. */
function pageOfFrame(page: Page, { left, top, right, bottom }: Rectangle): Page {
  const slack = (bottom - top) * FRAME_MARGIN;
  const [a, b, c, d, e, f, g, h, i] = page.toSource;
  const x = left - slack;
  const y = top - slack;
  return {
    width: right - left + 2 * slack,
    height: bottom - top + 2 * slack,
    toSource: [a, b, a * x + b * y + c, d, e, d * x + e * y + f, g, h, g * x + h * y + i],
  };
}

/** Where pageOfFrame puts the frame. */
function frameOnPage({ width, height }: Page): Rectangle {
  const slack = (height * FRAME_MARGIN) / (1 + 2 * FRAME_MARGIN);
  return { left: slack, top: slack, right: width - slack, bottom: height - slack };
}

/** Whether a view showed all of a card's page, and its text large enough. */
function shows(view: View, card: Page, lineHeight: number): boolean {
  const small = lineHeight * view.scale < GOOD_TEXT_HEIGHT && scaleOfPage(card) > MIN_GAIN * view.scale;
  const map = toPage(view.page);
  // Without the margin: what lies just outside of the card does not matter.
  const { left, top, right, bottom } = frameOnPage(card);
  const corners: Point[] = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
  const slack = 0.04 * card.height;
  const outside = corners.some((corner) => {
    const { x, y } = applyHomography(map, applyHomography(card.toSource, corner));
    return x < -slack || y < -slack || x > view.page.width + slack || y > view.page.height + slack;
  });
  const wholePicture = view.angle === 0 && view.page.toSource[2] === 0 && view.page.toSource[5] === 0;
  return !small && (!outside || wholePicture);
}
