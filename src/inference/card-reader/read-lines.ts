import type { Quad, TextLine } from '../../ktp/text-line.ts';
import { composeHomographies, type Homography, mapQuad } from '../../media/homography.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type DetectionWindow, networkSide, wholePictureWindow } from '../ppocr/detection.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { decideDirection } from './direction.ts';
import { type Page, pageAround, toPage } from './page.ts';
import { dominantAngle, longAxis, readAlong } from './text-direction.ts';

/** Longer side of the detector's first look at the whole picture. */
const SURVEY_SIDE = 736;
/** Longer side of the second look, at the card alone. */
const CARD_SIDE = 736;
/** Boxes (grown text) of fewer pixels than this in the detector's window were likely not all found. */
const MIN_BOX_HEIGHT = 15;
/** Text turned by more than this from the axes is found less well. */
const MAX_SKEW = (10 * Math.PI) / 180;

export interface PageReading {
  readonly page: Page;
  readonly lines: TextLine[];
  /** Direction of the text in the picture, radians clockwise, -180..180 degrees. */
  readonly angle: number;
}

/**
 * Finds and reads all text around the card, whatever way it lies: a look at the whole picture tells where the text is
 * and how it runs; where it is small or askew, a second look at that part, upright and enlarged, finds the lines.
 */
export async function readLines(ocr: PpOcr, picture: RasterPyramid): Promise<PageReading | null> {
  const { width, height } = picture.base;
  const survey = wholePictureWindow(width, height, SURVEY_SIDE / Math.max(width, height));
  const found = (await ocr.detect(picture, survey)).map(({ quad }) => quad);
  if (found.length === 0) return null;
  const surveyed = found.map((quad) => mapQuad(survey.toSource, quad));
  const axis = dominantAngle(surveyed);
  const angle = await decideDirection(ocr, picture, surveyed, axis);
  const boxHeight = median(surveyed.map((quad) => longAxis(quad).height));
  const page = pageAround(surveyed, angle, 2 * boxHeight);
  const skew = Math.abs(axis - (Math.PI / 2) * Math.round(axis / (Math.PI / 2)));
  let quads: Quad[];
  if (median(found.map((quad) => longAxis(quad).height)) < MIN_BOX_HEIGHT || skew > MAX_SKEW) {
    const window = pageWindow(page, CARD_SIDE);
    const boxes = await ocr.detect(picture, window);
    quads = boxes.map(({ quad }) => mapQuad(window.toSource, quad));
  } else quads = surveyed;
  const lines = await ocr.recognise(
    picture,
    quads.map((quad) => readAlong(quad, angle)),
    { emissions: true },
  );
  const map = toPage(page);
  const placed = lines
    .filter(({ text }) => text.trim() !== '')
    .map((line) => ({ ...line, quad: mapQuad(map, line.quad) }));
  return { page, lines: placed, angle };
}

function pageWindow(page: Page, side: number): DetectionWindow {
  const scale = side / Math.max(page.width, page.height);
  const width = networkSide(page.width * scale);
  const height = networkSide(page.height * scale);
  const toPageMap: Homography = [page.width / width, 0, 0, 0, page.height / height, 0, 0, 0, 1];
  return { width, height, toSource: composeHomographies(page.toSource, toPageMap) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((p, q) => p - q);
  return sorted[sorted.length >> 1] ?? 0;
}
