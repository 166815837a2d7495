import type { CardForm } from '../../ktp/card-form.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { applyHomography, composeHomographies } from '../../text-lines/homography.ts';
import type { Rectangle } from './card-frame.ts';
import type { Page } from './page.ts';

/** Where the photo is on the card, in shares of it, a little inside; and where there is nothing but background. */
const PHOTO: Rectangle = { left: 0.74, top: 0.32, right: 0.93, bottom: 0.72 };
const SAMPLE = 24;
/** A pixel this far from the card's own colour, in levels of one channel, is a part of a photo. */
const OTHER_COLOUR = 34;
/** Share of such pixels from which there is a photo. Paper has none, a page of text up to a fifth. */
const PHOTO_SHARE = 0.4;

/**
 * Whether what was read is a card, and not a letter, list or form with the same labels. A card has its province and
 * regency above, a photo at the right, place and date of issue below it; one of them is enough, where the others are cut
 * off or covered, unless the page has signs of another document: then each of these asks for one more.
 */
export function isOfCardForm(form: CardForm, picture: RasterPyramid, page: Page, frame: Rectangle | null): boolean {
  const evidence = (form.header ? 1 : 0) + (form.issue ? 1 : 0) + (frame && hasPhoto(picture, page, frame) ? 1 : 0);
  return evidence >= 1 + Math.min(2, form.otherSigns);
}

/** Whether most of the photo's place looks unlike the card around the values. Where it is outside, there is none. */
function hasPhoto(picture: RasterPyramid, page: Page, frame: Rectangle): boolean {
  const background = backgroundOf(cut(picture, page, frame, { left: 0.05, top: 0.3, right: 0.65, bottom: 0.8 }));
  const place = cut(picture, page, frame, PHOTO);
  const { width, height } = picture.base;
  const centre = applyHomography(page.toSource, {
    x: frame.left + 0.83 * (frame.right - frame.left),
    y: frame.top + 0.52 * (frame.bottom - frame.top),
  });
  if (centre.x < 0 || centre.y < 0 || centre.x > width || centre.y > height) return false;
  let other = 0;
  for (let at = 0; at < place.length; at += 3) {
    const far = background.some((level, channel) => Math.abs((place[at + channel] as number) - level) > OTHER_COLOUR);
    if (far) other++;
  }
  return other > (PHOTO_SHARE * place.length) / 3;
}

/** The middle value of each channel: most of the place is background. */
function backgroundOf(pixels: Uint8Array): number[] {
  return [0, 1, 2].map((channel) => {
    const levels = pixels.filter((_, index) => index % 3 === channel).sort((p, q) => p - q);
    return levels[Math.floor(levels.length * 0.6)] ?? 0;
  });
}

function cut(picture: RasterPyramid, page: Page, frame: Rectangle, share: Rectangle): Uint8Array {
  const width = frame.right - frame.left;
  const height = frame.bottom - frame.top;
  const x = frame.left + share.left * width;
  const y = frame.top + share.top * height;
  const scaleX = ((share.right - share.left) * width) / SAMPLE;
  const scaleY = ((share.bottom - share.top) * height) / SAMPLE;
  const map = composeHomographies(page.toSource, [scaleX, 0, x, 0, scaleY, y, 0, 0, 1]);
  return sampleRaster(picture, map, SAMPLE, SAMPLE).data;
}
