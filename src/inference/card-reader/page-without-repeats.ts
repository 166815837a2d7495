import { RasterPyramid } from '../../media/raster.ts';
import { withoutRepeats } from '../../media/renderings/without-repeats.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies, type Homography, invertHomography, mapQuad } from '../../text-lines/homography.ts';
import { boxAround } from './box-around.ts';
import type { FoundCard } from './find-card.ts';
import { type PagePicture, pictureOfPage } from './look-again.ts';

/** The longer side of the part of a picture that is searched for repeats, pixels. */
const MOST_SIDE = 1200;

/**
 * A card's page without the words that are written all over its picture. They are looked for in the picture as it lies:
 * there they are repeated at equal distances, which a card seen aslant is not. Null where nothing is repeated.
 */
export function pageWithoutRepeats(found: FoundCard): PagePicture | null {
  const { card, picture } = found;
  const { height, toSource, width } = card.page;
  const seen = boxAround(
    mapQuad(toSource, [
      { x: 0, y: 0 },
      { x: width, y: 0 },
      { x: width, y: height },
      { x: 0, y: height },
    ]),
  );
  const left = Math.max(0, Math.floor(seen.left));
  const top = Math.max(0, Math.floor(seen.top));
  const columns = Math.min(picture.base.width, Math.ceil(seen.right)) - left;
  const rows = Math.min(picture.base.height, Math.ceil(seen.bottom)) - top;
  if (columns < 1 || rows < 1) return null;
  const scale = Math.min(1, MOST_SIDE / Math.max(columns, rows));
  const toPicture: Homography = [1 / scale, 0, left, 0, 1 / scale, top, 0, 0, 1];
  const part = sampleRaster(picture, toPicture, Math.ceil(columns * scale), Math.ceil(rows * scale));
  const bare = withoutRepeats(part, card.angle);
  if (!bare) return null;
  const page = { ...card.page, toSource: composeHomographies(invertHomography(toPicture), toSource) };
  return pictureOfPage({ ...found, card: { ...card, page }, picture: new RasterPyramid(bare) });
}
