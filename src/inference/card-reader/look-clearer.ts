import { overlayLines } from '../../ktp/layout/overlay.ts';
import type { Raster } from '../../media/raster.ts';
import { deblur } from '../../media/renderings/deblur.ts';
import { withoutBands } from '../../media/renderings/without-bands.ts';
import { withoutGrid } from '../../media/renderings/without-grid.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import type { Rectangle } from './card-frame.ts';
import { clearestPrint, withInk } from './clearest-print.ts';
import { findBlur } from './find-blur.ts';
import type { FoundCard } from './find-card.ts';
import { isOnScreen } from './find-in-rendering.ts';
import { measureBlur } from './judge-quality.ts';
import { legibilityOf } from './legibility.ts';
import { type Look, lookAgain, type PagePicture, pictureOfPage } from './look-again.ts';
import { type PageBelowInk, pageBelowInk } from './page-below-ink.ts';
import { pageWithoutColour } from './page-without-colour.ts';
import { pageWithoutRepeats } from './page-without-repeats.ts';

/** A look at a card's page in a rendering, and what that shows better than the picture. */
export interface ClearerLook {
  readonly look: Look;
  /** `print`: the black print alone, or the page without its mark. */
  readonly shows: 'print' | 'edges' | 'no grid';
  /** The page without the mark that was written all over it, where there was one. */
  readonly bare?: PagePicture;
  /** Other ways to show the page's print, where that or the page without its mark was looked at. */
  readonly others?: readonly OtherPrint[];
}

/** Another rendering of a page's print, null where it shows nothing else, and what a look at it counts: see Look. */
export interface OtherPrint {
  readonly picture: () => PagePicture | null;
  readonly trust: number;
}

/** Ink that is taken off with its colours left leaves its edges, which are read as letters. */
const TRUST_IN_COLOURS = 0.5;

/**
 * Looks at the rendering made for what spoils a card. `isCovered`: a stamp or words lie over it. `settled`: lines that need
 * no second reading where nothing spoils all of them.
 */
export async function lookClearer(
  ocr: PpOcr,
  found: FoundCard,
  isCovered: boolean,
  settled: readonly TextLine[],
): Promise<ClearerLook> {
  const { frame, page, lines } = found.card;
  const foreign = new Set(overlayLines(lines));
  const own = lines.filter((line) => !foreign.has(line));
  const bare = foreign.size > 0 ? await lookWithoutMark(ocr, found, own) : null;
  const plain = pictureOfPage(found);
  // Two stamps are a mark that repeats as well.
  if (bare) return frame ? { ...bare, others: printsBelowInk(plain, frame, lines) } : bare;
  // Moved aslant, most edges are hardly wider than sharp ones: the spectrum tells, and whether labels are read better.
  const blurred = measureBlur(found.picture, { lines, page }) > 0;
  const sharpened = blurred ? await sharpen(ocr, plain, lines) : null;
  if (sharpened) return { look: await lookAgain(ocr, { ...plain, raster: sharpened }), shows: 'edges' };
  if (isOnScreen(found)) {
    return {
      look: await lookAgain(ocr, { ...plain, raster: withoutGrid(withoutBands(plain.raster)) }),
      shows: 'no grid',
    };
  }
  const inked = withInk(plain);
  const below = isCovered && frame ? pageBelowInk(inked, frame, lines) : null;
  const { isBelowInk, other, raster } = await clearestPrint(ocr, inked, lines, below?.raster, settled);
  const look = await lookAgain(ocr, { ...plain, raster }, settled);
  if (!frame) return { look, shows: 'print' };
  const ofPrint: OtherPrint = { picture: () => other && { ...plain, raster: other }, trust: 1 };
  const ofFaint: OtherPrint = { picture: () => below && { ...plain, raster: below.soft() }, trust: 1 };
  const ofColours: OtherPrint = { picture: () => pageWithoutColour(inked, frame), trust: TRUST_IN_COLOURS };
  return { look, shows: 'print', others: isBelowInk ? [ofFaint, ofPrint] : [ofColours, ofPrint] };
}

/** The print below the inks over a page's text, which are told apart once that is needed. */
function printsBelowInk(plain: PagePicture, frame: Rectangle, lines: readonly TextLine[]): OtherPrint[] {
  let below: PageBelowInk | null | undefined;
  const told = (): PageBelowInk | null => {
    if (below === undefined) below = pageBelowInk(withInk(plain), frame, lines);
    return below;
  };
  const shown = (raster: Raster | undefined): PagePicture | null => (raster ? { ...plain, raster } : null);
  return [
    { picture: () => shown(told()?.raster), trust: 1 },
    { picture: () => shown(told()?.soft()), trust: 1 },
  ];
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
