import { overlayLines } from '../../ktp/layout/overlay.ts';
import { meanWithin } from '../../media/quality/mean-within.ts';
import { type EdgeBox, type Raster, RasterPyramid } from '../../media/raster.ts';
import { printAlone } from '../../media/renderings/ink-alone.ts';
import { type SeparatedInk, separateInk } from '../../media/renderings/separate-ink.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { SAMPLE_LINES } from '../ppocr/recognition.ts';
import { boxAround } from './box-around.ts';
import { linesOnRaster, type PagePicture } from './look-again.ts';

/** Lines read with this much are clear: they tell how dark print is. */
const CLEAR = 0.9;
/** Lines that the renderings are tried on: those under the most colour. */
const SAMPLE = 8;
/** By this much the rendering for covering ink must be more legible: most stamps' ink is thin. */
const LEAST_GAIN = 1.01;

/** A card's page and the ink on it. */
export interface InkedPage extends PagePicture {
  readonly ink: SeparatedInk;
}

export function withInk(page: PagePicture): InkedPage {
  return { ...page, ink: separateInk(page.raster) };
}

/** Renderings of a card's black print. */
export interface ClearestPrint {
  /** The one that is read best. */
  readonly raster: Raster;
  /** The other one, where inks were told apart. */
  readonly other: Raster | null;
  /** Whether the first one is that below the inks that were told apart. */
  readonly isBelowInk: boolean;
}

/**
 * The black print of a card's page alone. Whether the ink over it is thin or covers is not known beforehand: of both
 * renderings the one in which the card's lines that lie under it are read better. A third one, `below` inks that were told
 * apart, counts where it is read better still.
 */
export async function clearestPrint(
  ocr: PpOcr,
  { ink, raster, scale }: InkedPage,
  lines: readonly TextLine[],
  below?: Raster,
  settled: readonly TextLine[] = [],
): Promise<ClearestPrint> {
  const print = clearPrint(lines, scale);
  const others = new Set([...overlayLines(lines), ...settled]);
  const own = onRaster(
    lines.filter((line) => !others.has(line)),
    scale,
  );
  const { colour, underCovering, underThin } = ink;
  const coloured = own.map((quad) => ({ quad, share: meanWithin(colour, raster, boxAround(quad)) }));
  const sample = coloured
    .sort((p, q) => q.share - p.share)
    .slice(0, SAMPLE)
    .map(({ quad }) => quad);
  const read = (rendering: Raster): Promise<TextLine[]> =>
    ocr.recognise(new RasterPyramid(rendering), sample, SAMPLE_LINES);
  const thin = printAlone(underThin, raster, print);
  const covering = printAlone(underCovering, raster, print);
  const [ofThin, ofCovering] = [await read(thin), await read(covering)];
  const isThin = legibility(ofCovering, ofThin) <= LEAST_GAIN * legibility(ofThin, ofCovering);
  const [clearest, ofClearest] = isThin ? [thin, ofThin] : [covering, ofCovering];
  if (!below) return { raster: clearest, other: null, isBelowInk: false };
  const ofBelow = await read(below);
  const isBelowInk = legibility(ofBelow, ofClearest) > legibility(ofClearest, ofBelow);
  return isBelowInk ? { raster: below, other: clearest, isBelowInk } : { raster: clearest, other: below, isBelowInk };
}

/**
 * How legible lines are, each by as many characters as another rendering has at most: more are not more print, those of the
 * stamp's own words are among them where it was not taken off.
 */
function legibility(lines: readonly TextLine[], others: readonly TextLine[]): number {
  const common = (line: number): number =>
    Math.min(...[lines, others].map((read) => read[line]?.characters.length ?? 0));
  return lines.reduce((sum, { confidence }, line) => sum + confidence ** 2 * common(line), 0);
}

/** Boxes of the lines that tell how dark print is, on a page's picture of so much `scale`. */
export function clearPrint(lines: readonly TextLine[], scale: number): EdgeBox[] {
  const clear = lines.filter(({ confidence }) => confidence >= CLEAR);
  return onRaster(clear, scale).map(boxAround);
}

/** Where lines of the page lie on its picture of so much `scale`. */
export function onRaster(lines: readonly TextLine[], scale: number): Quad[] {
  return linesOnRaster(lines, scale).map(({ quad }) => quad);
}
