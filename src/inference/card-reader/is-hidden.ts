import { lumaOf } from '../../media/quality/luma.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { rectangleToQuad } from '../../text-lines/homography.ts';
import type { Quad } from '../../text-lines/text-line.ts';

/** The value's end of a place: behind its label. */
const VALUE_SHARE = 0.4;
const BURNT = 244;
const BURNT_SHARE = 0.5;
/** Where the label's own background is as bright, the card is white and nothing is burnt out. */
const WHITE = 236;
const [WIDTH, HEIGHT] = [80, 16];

/** Whether nothing can be seen at the end of a place in a picture: it is burnt out, or lies outside. */
export function isHidden(picture: RasterPyramid, place: Quad): boolean {
  const { width, height } = picture.base;
  const [, topRight, bottomRight] = place;
  if ([topRight, bottomRight].some(({ x, y }) => x < 0 || y < 0 || x > width || y > height)) return true;
  const crop = sampleRaster(picture, rectangleToQuad(WIDTH, HEIGHT, place), WIDTH, HEIGHT);
  const luma = lumaOf(crop);
  const edge = Math.round(WIDTH * (1 - VALUE_SHARE));
  const label = luma.filter((_, index) => index % WIDTH < edge).sort((p, q) => p - q);
  const value = luma.filter((_, index) => index % WIDTH >= edge);
  const burnt = value.filter((level) => level >= BURNT).length;
  return (label[Math.floor(label.length * 0.7)] ?? 255) < WHITE && burnt > BURNT_SHARE * value.length;
}
