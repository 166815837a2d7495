import { RasterPyramid } from '../../media/raster.ts';
import { composeHomographies } from '../../text-lines/homography.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { type FoundCard, found, ifLikely, SURVEY_SIDE } from './find-card.ts';
import { partWithoutRepeats } from './page-without-repeats.ts';
import { surveyPicture } from './read-lines.ts';

/** What is looked at around a page that was made for misread rows, as a share of its sides. */
const ROOM = 0.25;

/**
 * A card whose rows could not be told from words written all over it, found anew in its picture without them, which then is
 * the card's picture. Null where nothing is repeated all over it, or no card is seen so.
 */
export async function findWithoutMark(ocr: PpOcr, seen: FoundCard): Promise<FoundCard | null> {
  const bare = partWithoutRepeats(seen, ROOM);
  if (!bare) return null;
  const picture = new RasterPyramid(bare.raster);
  const { best } = await surveyPicture(ocr, picture, SURVEY_SIDE);
  const toImage = composeHomographies(seen.toImage, bare.toPicture);
  return ifLikely(found({ picture, toImage, reduction: seen.reduction / bare.scale }, best));
}
