import type { Raster, RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { rectangleToQuad } from '../../text-lines/homography.ts';
import type { Quad } from '../../text-lines/text-line.ts';
import { longAxis } from './text-direction.ts';

/** A line's place in a picture as a picture of its own, upright, so many pixels high. */
export function lineCrop(picture: RasterPyramid, quad: Quad, pixels: number): Raster {
  const { height, length } = longAxis(quad);
  const width = Math.max(1, Math.round((pixels * length) / Math.max(1, height)));
  return sampleRaster(picture, rectangleToQuad(width, pixels, quad), width, pixels);
}
