import type { RasterPyramid } from '../../media/raster.ts';
import { composeHomographies, type Homography, IDENTITY, mapQuad } from '../../text-lines/homography.ts';
import type { Quad } from '../../text-lines/text-line.ts';
import { type DetectionWindow, networkSide, wholePictureWindow } from '../ppocr/detection.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import type { Page } from './page.ts';

/** Pixels of the detector's look at one card alone, and how far it may enlarge the picture. */
const CARD_PIXELS = 736 * 480;
export const MAX_ENLARGEMENT = 3;

/** What the detector found in one look. */
export interface View {
  /** Text in picture pixels. */
  readonly quads: readonly Quad[];
  /** What was looked at. */
  readonly page: Page;
  /** Window pixels per picture pixel. */
  readonly scale: number;
  /** Angle of the view's rows in the picture, radians clockwise. */
  readonly angle: number;
}

/** A picture longer than this many times its width (joined pages, panoramas) is looked at by its area. */
const LONG_PICTURE = 2;

/** Looks at the whole picture, its longer side at `side` pixels; a long one at the area that it would have at 1 to 2. */
export async function lookAtPicture(ocr: PpOcr, picture: RasterPyramid, side: number): Promise<View> {
  const { width, height } = picture.base;
  const byArea = Math.sqrt((side * side) / LONG_PICTURE / (width * height));
  const isLong = Math.max(width, height) > LONG_PICTURE * Math.min(width, height);
  const scale = isLong ? Math.min(Math.max(1, side / Math.max(width, height)), byArea) : side / Math.max(width, height);
  const quads = await detectIn(ocr, picture, wholePictureWindow(width, height, scale));
  return { quads, page: { width, height, toSource: IDENTITY }, scale, angle: 0 };
}

/** Looks at a page whose rows run along `angle`, at the size that shows a card's lines best. */
export async function lookAtPage(ocr: PpOcr, picture: RasterPyramid, page: Page, angle: number): Promise<View> {
  const window = pageWindow(page);
  return { quads: await detectIn(ocr, picture, window), page, scale: window.width / page.width, angle };
}

/** Window pixels per picture pixel that lookAtPage would have, for a page at the picture's scale. */
export function scaleOfPage(page: Page): number {
  return Math.min(MAX_ENLARGEMENT, Math.sqrt(CARD_PIXELS / (page.width * page.height)));
}

async function detectIn(ocr: PpOcr, picture: RasterPyramid, window: DetectionWindow): Promise<Quad[]> {
  const boxes = await ocr.detect(picture, window);
  return boxes.map(({ quad }) => mapQuad(window.toSource, quad));
}

function pageWindow(page: Page): DetectionWindow {
  const scale = scaleOfPage(page);
  const width = networkSide(page.width * scale);
  const height = networkSide(page.height * scale);
  const windowToPage: Homography = [page.width / width, 0, 0, 0, page.height / height, 0, 0, 0, 1];
  return { width, height, toSource: composeHomographies(page.toSource, windowToPage) };
}
