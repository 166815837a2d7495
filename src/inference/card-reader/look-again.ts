import type { Raster } from '../../media/raster.ts';
import { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies, type Homography, IDENTITY, mapQuad, scaling } from '../../text-lines/homography.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import type { FoundCard } from './find-card.ts';
import { isTwin } from './is-twin.ts';
import type { Page } from './page.ts';
import { rereadStrokes } from './reread-strokes.ts';
import { readAlong } from './text-direction.ts';
import { lookAtPage } from './views.ts';

/** The longer side of a card's page that is rendered, pixels: more holds no more of the print. */
const MOST_SIDE = 1400;

/** A card's page as a picture of its own, upright. */
export interface PagePicture {
  readonly raster: Raster;
  /** Pixels of the raster per pixel of the page. */
  readonly scale: number;
}

/** Cuts a card's page out of its picture. */
export function pictureOfPage({ card, picture }: FoundCard): PagePicture {
  const { page } = card;
  const scale = Math.min(1, MOST_SIDE / Math.max(page.width, page.height));
  const width = Math.max(1, Math.round(page.width * scale));
  const height = Math.max(1, Math.round(page.height * scale));
  return {
    raster: sampleRaster(picture, composeHomographies(page.toSource, scaling(1 / scale)), width, height),
    scale,
  };
}

/** The lines of a rendered page, and where that lies. */
export interface Look {
  /** Lines on the card's page. */
  readonly lines: readonly TextLine[];
  readonly picture: RasterPyramid;
  /** From the card's page to the picture. */
  readonly toPicture: Homography;
}

/** Finds the lines of a rendered page anew and reads them, but for those that are `settled`: lines of the page. */
export async function lookAgain(ocr: PpOcr, rendered: PagePicture, settled: readonly TextLine[] = []): Promise<Look> {
  const { raster, scale } = rendered;
  const picture = new RasterPyramid(raster);
  const page: Page = { width: raster.width, height: raster.height, toSource: IDENTITY };
  const { quads } = await lookAtPage(ocr, picture, page, 0);
  const known = linesOnRaster(settled, scale);
  const found = quads.map((quad) => known.find((line) => isTwin(quad, line.quad)) ?? readAlong(quad, 0));
  const isQuad = (line: Quad | TextLine): line is Quad => Array.isArray(line);
  const read = await ocr.recognise(picture, found.filter(isQuad), { ...CARD_LINES, emissions: true });
  const reread = await rereadStrokes(ocr, picture, page.toSource, read);
  const lines = found.map((line) => (isQuad(line) ? reread.shift() : line)).filter((line) => line !== undefined);
  return lookOf(rendered, picture, lines);
}

/** What was read of a rendered page, `lines` in its pixels, as a look at the page. */
export function lookOf({ scale }: PagePicture, picture: RasterPyramid, lines: readonly TextLine[]): Look {
  return {
    lines: linesOnRaster(
      lines.filter(({ text }) => text.trim() !== ''),
      1 / scale,
    ),
    picture,
    toPicture: scaling(scale),
  };
}

/** Lines of a page on its picture of so much `scale`. */
export function linesOnRaster(lines: readonly TextLine[], scale: number): TextLine[] {
  const toRaster = scaling(scale);
  return lines.map((line) => ({ ...line, quad: mapQuad(toRaster, line.quad) }));
}
