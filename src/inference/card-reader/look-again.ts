import type { Raster } from '../../media/raster.ts';
import { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies, type Homography, IDENTITY, mapQuad } from '../../text-lines/homography.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import type { FoundCard } from './find-card.ts';
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
  const toPage: Homography = [1 / scale, 0, 0, 0, 1 / scale, 0, 0, 0, 1];
  const width = Math.max(1, Math.round(page.width * scale));
  const height = Math.max(1, Math.round(page.height * scale));
  return { raster: sampleRaster(picture, composeHomographies(page.toSource, toPage), width, height), scale };
}

/** The lines of a rendered page, and where that lies. */
export interface Look {
  /** Lines on the card's page. */
  readonly lines: readonly TextLine[];
  readonly picture: RasterPyramid;
  /** From the card's page to the picture. */
  readonly toPicture: Homography;
}

/** Finds and reads the lines of a rendered page anew. */
export async function lookAgain(ocr: PpOcr, rendered: PagePicture): Promise<Look> {
  const { raster } = rendered;
  const picture = new RasterPyramid(raster);
  const page: Page = { width: raster.width, height: raster.height, toSource: IDENTITY };
  const { quads } = await lookAtPage(ocr, picture, page, 0);
  const lines = await ocr.recognise(
    picture,
    quads.map((quad) => readAlong(quad, 0)),
    { ...CARD_LINES, emissions: true },
  );
  return lookOf(rendered, picture, await rereadStrokes(ocr, picture, page.toSource, lines));
}

/** What was read of a rendered page, `lines` in its pixels, as a look at the page. */
export function lookOf({ scale }: PagePicture, picture: RasterPyramid, lines: readonly TextLine[]): Look {
  const toPage: Homography = [1 / scale, 0, 0, 0, 1 / scale, 0, 0, 0, 1];
  return {
    lines: lines
      .filter(({ text }) => text.trim() !== '')
      .map((line) => ({ ...line, quad: mapQuad(toPage, line.quad) })),
    picture,
    toPicture: [scale, 0, 0, 0, scale, 0, 0, 0, 1],
  };
}
