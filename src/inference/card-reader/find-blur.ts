import { partOfRaster, type Raster, RasterPyramid } from '../../media/raster.ts';
import { type BlurKernel, deblur } from '../../media/renderings/deblur.ts';
import { estimateBlur } from '../../media/renderings/estimate-blur.ts';
import { mapQuad } from '../../text-lines/homography.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { SAMPLE_LINES } from '../ppocr/recognition.ts';
import { boxAround } from './box-around.ts';
import { onRaster } from './clearest-print.ts';
import { findLabelHits } from './label-hits.ts';
import { legibilityOf } from './legibility.ts';
import type { PagePicture } from './look-again.ts';
import { LITTLE_NOISE } from './sharpen-picture.ts';
import { longAxis } from './text-direction.ts';

/** Lines that kernels are tried on: labels, since what they say is known. */
const SAMPLE = 3;
/** Fit of a spectrum from which a kernel is worth a try: sharp pictures stay below 0.25. */
export const LEAST_FIT = 0.2;
/** A hand does not move straight: how far the middle of its path lies off, as a share of its length. */
const BENDS = [0.12, -0.12] as const;
/** Fit from which a picture is blurred without doubt: those that are have 0.5 and more, others 0.3 at most. */
const SURE_FIT = 0.4;
/** A kernel must make a sample this much more legible than the picture is as it was. */
const LEAST_GAIN = 1.03;
/** Labels may be legible already, whose words are known, where values are not. */
const LEAST_GAIN_OF_SURE = 1;
/** A label says as much as this many characters. */
const LABEL_WEIGHT = 8;

/**
 * The blur of a card's page: the kernel that its spectrum tells, if labels sharpened against it are read better than
 * before. Null where nothing helps.
 */
export async function findBlur(
  ocr: PpOcr,
  { raster, scale }: PagePicture,
  lines: readonly TextLine[],
): Promise<BlurKernel | null> {
  const estimated = estimateBlur(raster, onRaster(lines, scale).map(boxAround));
  if (!estimated || estimated.fit < LEAST_FIT) return null;
  const sample = onRaster(sampleOf(lines), scale);
  if (sample.length === 0) return null;
  const { part, left, top } = cutAround(raster, sample);
  const quads = sample.map((quad) => mapQuad([1, 0, -left, 0, 1, -top, 0, 0, 1], quad));
  const boxes = quads.map(boxAround);
  const legibility = async (kernel: BlurKernel | null): Promise<number> => {
    const picture = new RasterPyramid(kernel ? deblur(part, kernel, boxes) : part);
    const read = await ocr.recognise(picture, quads, SAMPLE_LINES);
    const labels = findLabelHits(read).reduce((sum, { quality }) => sum + quality, 0);
    return LABEL_WEIGHT * labels + legibilityOf(read);
  };
  const plain = await legibility(null);
  let best = { kernel: estimated.kernel, score: await legibility(estimated.kernel) };
  const clean = { ...estimated.kernel, noise: LITTLE_NOISE };
  const cleanScore = await legibility(clean);
  if (cleanScore > best.score) best = { kernel: clean, score: cleanScore };
  const { kernel: straight } = best;
  if (straight.kind === 'motion') {
    for (const bend of BENDS) {
      const kernel: BlurKernel = { ...straight, bend };
      const score = await legibility(kernel);
      if (score > best.score) best = { kernel, score };
    }
  }
  const leastGain = estimated.fit >= SURE_FIT ? LEAST_GAIN_OF_SURE : LEAST_GAIN;
  return best.score > leastGain * plain ? best.kernel : null;
}

/** The part of a picture that some quads lie in, with room for the blur. */
function cutAround(raster: Raster, quads: readonly Quad[]): { part: Raster; left: number; top: number } {
  const boxes = quads.map(boxAround);
  const left = Math.max(0, Math.floor(Math.min(...boxes.map((box) => box.left))) - ROOM);
  const top = Math.max(0, Math.floor(Math.min(...boxes.map((box) => box.top))) - ROOM);
  const right = Math.min(raster.width, Math.ceil(Math.max(...boxes.map((box) => box.right))) + ROOM);
  const bottom = Math.min(raster.height, Math.ceil(Math.max(...boxes.map((box) => box.bottom))) + ROOM);
  return { part: partOfRaster(raster, { left, top, right, bottom }), left, top };
}

/** Pixels around the sample. */
const ROOM = 24;

/** Lines of medium length nearest to the left edge. */
function sampleOf(lines: readonly TextLine[]): TextLine[] {
  const fitting = lines.filter(({ quad }) => {
    const { length, height } = longAxis(quad);
    return length > 4 * height && length < 10 * height;
  });
  return fitting.sort((p, q) => p.quad[0].x - q.quad[0].x).slice(0, SAMPLE);
}
