import { lumaOf } from '../../media/quality/luma.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { rectangleToQuad } from '../../text-lines/homography.ts';
import type { Quad } from '../../text-lines/text-line.ts';

/** The value's end of a place: behind its label. */
const VALUE_SHARE = 0.4;
/** A short value stands in one half of that. */
const PARTS = 2;
const BURNT = 244;
const BURNT_SHARE = 0.5;
/** Where the label's own background is as bright, the card is white and nothing is burnt out. */
const WHITE = 236;
const [WIDTH, HEIGHT] = [80, 16];

/** Whether nothing can be seen at the end of a place in a picture, or in a half of that: it is burnt out, or lies outside. */
export function isHidden(picture: RasterPyramid, place: Quad): boolean {
  const { width, height } = picture.base;
  const [, topRight, bottomRight] = place;
  if ([topRight, bottomRight].some(({ x, y }) => x < 0 || y < 0 || x > width || y > height)) return true;
  const crop = sampleRaster(picture, rectangleToQuad(WIDTH, HEIGHT, place), WIDTH, HEIGHT);
  const luma = lumaOf(crop);
  const edge = Math.round(WIDTH * (1 - VALUE_SHARE));
  const label = luma.filter((_, index) => index % WIDTH < edge).sort((p, q) => p - q);
  if ((label[Math.floor(label.length * 0.7)] ?? 255) >= WHITE) return false;
  return Array.from({ length: PARTS }).some((_, part) => {
    const [from, to] = [part, part + 1].map((at) => edge + (at * (WIDTH - edge)) / PARTS) as [number, number];
    const value = luma.filter((_, index) => index % WIDTH >= from && index % WIDTH < to);
    return value.filter((level) => level >= BURNT).length > BURNT_SHARE * value.length;
  });
}
