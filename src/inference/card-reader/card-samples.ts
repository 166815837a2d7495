import { MOIRE_TILE } from '../../media/quality/moire.ts';
import type { Raster, RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies, type Homography } from '../../text-lines/homography.ts';
import { CARD_RATIO, type Rectangle } from './card-frame.ts';
import type { Page } from './page.ts';

/** Width of the small picture of the card that ink, light, colour and glare are judged on. */
const OVERVIEW_WIDTH = 256;

/** What an overview shows, and the overview. */
interface Overview {
  readonly picture: RasterPyramid;
  readonly card: Rectangle;
  readonly raster: Raster;
}

/** The last overview of a page: more than one thing is judged on it. */
const overviews = new WeakMap<Page, Overview>();

/** The card alone, upright, so many pixels wide. */
export function overviewOf(picture: RasterPyramid, page: Page, card: Rectangle, width = OVERVIEW_WIDTH): Raster {
  const known = overviews.get(page);
  if (known?.picture === picture && known.raster.width === width && isSame(known.card, card)) return known.raster;
  const height = Math.round(width / CARD_RATIO);
  const scaleX = (card.right - card.left) / width;
  const scaleY = (card.bottom - card.top) / height;
  const map: Homography = [scaleX, 0, card.left, 0, scaleY, card.top, 0, 0, 1];
  const raster = sampleRaster(picture, composeHomographies(page.toSource, map), width, height);
  overviews.set(page, { picture, card, raster });
  return raster;
}

function isSame(first: Rectangle, second: Rectangle): boolean {
  return (
    first.left === second.left &&
    first.top === second.top &&
    first.right === second.right &&
    first.bottom === second.bottom
  );
}

/** A little inside of the card's edges, which are known to some hundredths only. */
export function inset({ left, top, right, bottom }: Rectangle): Rectangle {
  const margin = 0.05 * (bottom - top);
  return { left: left + margin, top: top + margin, right: right - margin, bottom: bottom - margin };
}

/**
 * Squares of the card at the picture's own scale, unturned, so that fine patterns stay what they are. Each is cut out when
 * it is asked for.
 */
export function tilesOf(picture: RasterPyramid, page: Page, card: Rectangle): (() => Raster)[] {
  const { width, height } = picture.base;
  return TILE_CENTRES.flatMap(([shareX, shareY]) => {
    const [a, b, c, d, e, f, g, h, i] = page.toSource;
    const px = card.left + shareX * (card.right - card.left);
    const py = card.top + shareY * (card.bottom - card.top);
    const w = g * px + h * py + i;
    const x = Math.round((a * px + b * py + c) / w - MOIRE_TILE / 2);
    const y = Math.round((d * px + e * py + f) / w - MOIRE_TILE / 2);
    if (x < 0 || y < 0 || x + MOIRE_TILE > width || y + MOIRE_TILE > height) return [];
    return [() => sampleRaster(picture, [1, 0, x, 0, 1, y, 0, 0, 1], MOIRE_TILE, MOIRE_TILE)];
  });
}

/** Places with little print, in shares of the card. */
const TILE_CENTRES = [
  [0.15, 0.12],
  [0.88, 0.14],
  [0.55, 0.62],
  [0.55, 0.8],
  [0.55, 0.45],
] as const;
