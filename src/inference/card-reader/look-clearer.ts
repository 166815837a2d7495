import { overlayLines } from '../../ktp/layout/overlay.ts';
import type { Raster } from '../../media/raster.ts';
import { deblur } from '../../media/renderings/deblur.ts';
import { withoutGrid } from '../../media/renderings/without-grid.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { clearestPrint, withInk } from './clearest-print.ts';
import { findBlur } from './find-blur.ts';
import type { FoundCard } from './find-card.ts';
import { isOnScreen } from './find-in-rendering.ts';
import { measureBlur } from './judge-quality.ts';
import { legibilityOf } from './legibility.ts';
import { type Look, lookAgain, type PagePicture, pictureOfPage } from './look-again.ts';
import { pageBelowInk } from './page-below-ink.ts';
import { pageWithoutColour } from './page-without-colour.ts';
import { pageWithoutRepeats } from './page-without-repeats.ts';

/** Blur (0-1) from which doubtful fields are worth sharpening the picture. */
const WORTH_SHARPENING = 0.3;

/** A look at a card's page in a rendering, and what that shows better than the picture. */
export interface ClearerLook {
  readonly look: Look;
  /** `print`: the black print alone, or the page without its mark. */
  readonly shows: 'print' | 'edges' | 'no grid';
  /** The page without the mark that was written all over it, where there was one. */
  readonly bare?: PagePicture;
  /** Other ways to show the page's print, where that was looked at; null where one shows nothing else. */
  readonly others?: readonly (() => PagePicture | null)[];
}

/** Looks at the rendering made for what spoils a card. */
export async function lookClearer(ocr: PpOcr, found: FoundCard): Promise<ClearerLook> {
  const { page, lines } = found.card;
  const foreign = new Set(overlayLines(lines));
  const own = lines.filter((line) => !foreign.has(line));
  const bare = foreign.size > 0 ? await lookWithoutMark(ocr, found, own) : null;
  if (bare) return bare;
  const plain = pictureOfPage(found);
  const blurred = measureBlur(found.picture, { lines, page }) >= WORTH_SHARPENING;
  const sharpened = blurred ? await sharpen(ocr, plain, lines) : null;
  if (sharpened) return { look: await lookAgain(ocr, { ...plain, raster: sharpened }), shows: 'edges' };
  if (isOnScreen(found)) {
    return { look: await lookAgain(ocr, { ...plain, raster: withoutGrid(plain.raster) }), shows: 'no grid' };
  }
  const inked = withInk(plain);
  const { frame } = found.card;
  const raster = await clearestPrint(ocr, inked, lines);
  const look = await lookAgain(ocr, { ...plain, raster });
  const others = frame ? [() => pageWithoutColour(inked, frame), () => pageBelowInk(inked, frame, lines)] : [];
  return { look, shows: 'print', others };
}

/**
 * Looks at the page without what is written all over it; null where nothing is, or its `own` lines are read no better so.
 */
async function lookWithoutMark(ocr: PpOcr, found: FoundCard, own: readonly TextLine[]): Promise<ClearerLook | null> {
  const bare = pageWithoutRepeats(found);
  if (!bare) return null;
  const look = await lookAgain(ocr, bare);
  return legibilityOf(look.lines) > legibilityOf(own) ? { look, shows: 'print', bare } : null;
}

/** The page sharpened, since lines may have been overlooked; null where no kernel makes it more legible. */
async function sharpen(ocr: PpOcr, plain: PagePicture, lines: readonly TextLine[]): Promise<Raster | null> {
  const kernel = await findBlur(ocr, plain, lines);
  const { width, height } = plain.raster;
  return kernel && deblur(plain.raster, kernel, [{ left: 0, top: 0, right: width, bottom: height }]);
}
