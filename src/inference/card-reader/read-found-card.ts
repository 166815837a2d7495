import { combineLooks, doubtfulFields } from '../../ktp/combine-looks.ts';
import { overlayLines } from '../../ktp/layout/overlay.ts';
import { type KtpReading, readKtp } from '../../ktp/read-ktp.ts';
import { inkAlone } from '../../media/renderings/ink-alone.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import type { FoundCard } from './find-card.ts';
import { lookAgain, pictureOfPage } from './look-again.ts';
import { LIKELY } from './read-lines.ts';
import { rereadStrokes } from './reread-strokes.ts';

/** A card's fields, and what stands over its print. */
export interface CardFields {
  readonly reading: KtpReading;
  /** Lines on the card's page that are not the card's. */
  readonly overlay: readonly TextLine[];
}

/**
 * Reads the fields of a card's lines. Where a field is in doubt, or text that is not the card's lies over it, the card is
 * looked at once more with nothing but its black print.
 */
export async function readFoundCard(ocr: PpOcr, found: FoundCard): Promise<CardFields> {
  const { page } = found.card;
  const lines = await rereadStrokes(ocr, found.picture, page.toSource, found.card.lines);
  const first = readKtp(lines, page);
  const overlay = overlayLines(lines);
  if (found.likelihood < LIKELY || (overlay.length === 0 && doubtfulFields(first.fields).length === 0)) {
    return { reading: first, overlay };
  }
  const picture = pictureOfPage(found);
  const again = await lookAgain(ocr, { ...picture, raster: inkAlone(picture.raster) });
  const second = readKtp(again, page);
  return { reading: second.likelihood < LIKELY ? first : combineLooks(first, second, overlay.length > 0), overlay };
}
