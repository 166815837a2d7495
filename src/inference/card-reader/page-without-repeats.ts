import { type Raster, RasterPyramid } from '../../media/raster.ts';
import { withoutRepeats } from '../../media/renderings/without-repeats.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies, type Homography, invertHomography, mapQuad } from '../../text-lines/homography.ts';
import { boxAround } from './box-around.ts';
import type { FoundCard } from './find-card.ts';
import { type PagePicture, pictureOfPage } from './look-again.ts';

/** The longer side of the part of a picture that is searched for repeats, pixels. */
const MOST_SIDE = 1200;

/** A part of a picture without the words that are written all over it. */
export interface BarePart {
  readonly raster: Raster;
  /** From the part's pixels to the picture's. */
  readonly toPicture: Homography;
  /** Pixels of the part per pixel of the picture. */
  readonly scale: number;
}

/**
 * What lies around a card's page without the words that are written all over it, with `room` on each side as a share of
 * the page's. They are looked for in the picture as it lies: there they are repeated at equal distances, which a card seen
 * aslant is not. Null where nothing is repeated.
 */
export function partWithoutRepeats({ card, picture }: FoundCard, room: number): BarePart | null {
  const { height, toSource, width } = card.page;
  const [before, after] = [-room, 1 + room];
  const seen = boxAround(
    mapQuad(toSource, [
      { x: before * width, y: before * height },
      { x: after * width, y: before * height },
      { x: after * width, y: after * height },
      { x: before * width, y: after * height },
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
  const raster = withoutRepeats(part, card.angle);
  return raster && { raster, toPicture, scale };
}

/** A card's page without the words that are written all over its picture; null where nothing is repeated. */
export function pageWithoutRepeats(found: FoundCard): PagePicture | null {
  const { card } = found;
  const bare = partWithoutRepeats(found, 0);
  if (!bare) return null;
  const page = { ...card.page, toSource: composeHomographies(invertHomography(bare.toPicture), card.page.toSource) };
  return pictureOfPage({ ...found, card: { ...card, page }, picture: new RasterPyramid(bare.raster) });
}
