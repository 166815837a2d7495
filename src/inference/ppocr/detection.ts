import type { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import type { Homography } from '../../text-lines/homography.ts';
import { boxesFromProbabilities, type TextBox } from './db-postprocess.ts';
import type { Detector } from './detector.ts';
import { writePlanes } from './tensor.ts';

/** The network halves its input five times. */
const STRIDE = 32;

/** What the detector looks at: a grid of pixels (sides are multiples of 32), and where they lie in the picture. */
export interface DetectionWindow {
  readonly width: number;
  readonly height: number;
  /** From window coordinates to the picture's. */
  readonly toSource: Homography;
}

/** A window over a whole picture, at about `scale` times its size. */
export function wholePictureWindow(width: number, height: number, scale: number): DetectionWindow {
  const windowWidth = networkSide(width * scale);
  const windowHeight = networkSide(height * scale);
  return {
    width: windowWidth,
    height: windowHeight,
    toSource: [width / windowWidth, 0, 0, 0, height / windowHeight, 0, 0, 0, 1],
  };
}

/** The nearest side length that the network takes. */
export function networkSide(pixels: number): number {
  return Math.max(STRIDE, Math.round(pixels / STRIDE) * STRIDE);
}

/** Finds text in a window of a picture; boxes are in window pixels. Time is proportional to the window's pixels. */
export async function detectText(
  detector: Detector,
  source: RasterPyramid,
  { width, height, toSource }: DetectionWindow,
): Promise<TextBox[]> {
  const input = new Float32Array(3 * width * height);
  writePlanes(sampleRaster(source, toSource, width, height), input, 0, width, width * height);
  const data = await detector.run(input, width, height);
  return boxesFromProbabilities({ width, height, data });
}
