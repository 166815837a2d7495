import { overlayLines } from '../../ktp/layout/overlay.ts';
import type { DecodedImage } from '../../media/decode.ts';
import { type Raster, RasterPyramid } from '../../media/raster.ts';
import { inkAlone } from '../../media/renderings/ink-alone.ts';
import { withoutGrid } from '../../media/renderings/without-grid.ts';
import { composeHomographies, IDENTITY, mapQuad } from '../../text-lines/homography.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { boxAround } from './box-around.ts';
import { LEAST_FIT } from './find-blur.ts';
import { CLOSE_SURVEY_SIDE, type FoundCard, found, ifLikely, type Place, SURVEY_SIDE } from './find-card.ts';
import { findWithoutMark } from './find-without-mark.ts';
import { measureBlur, measureScreen } from './judge-quality.ts';
import { surveyPicture } from './read-lines.ts';
import { sharpenPicture } from './sharpen-picture.ts';

/** Blur (0-1) from which labels are misread so that a card is not known as one, or its last rows are not found. */
const VERY_BLURRED = 0.5;
/** Likeness to a screen (0-1) from which its grid is taken out of the picture. */
const SCREEN = 0.5;

/**
 * A card that plain looks did not show, or not as a whole. Where words of a mark were `seen`, which hide its rows where they
 * are written all over it, first in the picture without them, which then is its picture. Else in a rendering of the whole
 * picture: sharpened where the text is much blurred, without the grid of a screen, or with nothing but black print under a
 * mark; its lines are those of the rendering, its picture the plain one. Null where there is none.
 */
export async function findInRendering(
  ocr: PpOcr,
  image: DecodedImage,
  seen: FoundCard | null,
  /** Whether the mark was taken off, or was not repeated, already. */
  isBare = false,
): Promise<FoundCard | null> {
  if (!seen) return null;
  const isMarked = !isBare && overlayLines(seen.card.lines).length > 0;
  const bare = isMarked ? await findWithoutMark(ocr, onWholePicture(image, seen)) : null;
  if (bare) return bare;
  const raster = renderingFor(image.raster, seen, isMarked);
  if (!raster) return null;
  const picture = new RasterPyramid(raster);
  const longer = Math.max(raster.width, raster.height);
  for (const side of longer > SURVEY_SIDE ? [SURVEY_SIDE, Math.min(longer, CLOSE_SURVEY_SIDE)] : [SURVEY_SIDE]) {
    const { best } = await surveyPicture(ocr, picture, side);
    const card = ifLikely(found(wholePicture(image), best));
    if (card) return card;
  }
  return null;
}

/** What was seen of a card with the whole picture for its page: where the card lies is not known. */
export function onWholePicture(image: DecodedImage, seen: FoundCard): FoundCard {
  const { height, width } = image.raster;
  const page = { width, height, toSource: IDENTITY };
  return { ...seen, card: { ...seen.card, page }, ...wholePicture(image) };
}

function wholePicture({ raster, reduction }: DecodedImage): Place {
  return { picture: new RasterPyramid(raster), toImage: IDENTITY, reduction };
}

/** Whether what was seen of a card is so blurred that a part of it may not have been. */
export function isVeryBlurred(seen: FoundCard): boolean {
  return measureBlur(seen.picture, seen.card) >= VERY_BLURRED;
}

/** What may show more of a card than was seen; null where nothing tells that there is more. */
function renderingFor(raster: Raster, seen: FoundCard, isMarked: boolean): Raster | null {
  if (isVeryBlurred(seen)) return sharpened(raster, seen);
  if (isOnScreen(seen)) return withoutGrid(raster);
  return isMarked ? inkAlone(raster) : null;
}

/** Whether what was seen of a card is the picture of a screen. */
export function isOnScreen({ card, picture }: FoundCard): boolean {
  return measureScreen(picture, card) >= SCREEN;
}

/** The whole picture sharpened against the blur of the text that was seen; null where its spectrum does not tell. */
function sharpened(raster: Raster, { card, toImage }: FoundCard): Raster | null {
  const onImage = composeHomographies(toImage, card.page.toSource);
  const boxes = card.lines.map(({ quad }) => boxAround(mapQuad(onImage, quad)));
  return sharpenPicture(raster, boxes, LEAST_FIT);
}
