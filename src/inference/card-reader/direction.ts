import type { Quad, TextLine } from '../../ktp/text-line.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { findLabelHits } from './label-hits.ts';
import { longAxis, readAlong } from './text-direction.ts';

/** Lines that are read to tell the direction: enough that one odd word does not decide. */
const SAMPLE = 4;
/** Text read upside down reaches about 0.8, text the right way 0.97 and more where the picture is sharp. */
const SURE = 0.93;
/** A label says as much as this many characters. */
const LABEL_WEIGHT = 8;

/**
 * Decides which of the two ends of the text's axis it is read from, once for all lines: by reading a few of them both
 * ways. (A per-line classifier turns lines of OCR-A digits upside down.) `angle` in radians, -90..90 degrees; the
 * answer is the same or the opposite one.
 */
export async function decideDirection(
  ocr: PpOcr,
  picture: RasterPyramid,
  quads: readonly Quad[],
  angle: number,
): Promise<number> {
  const sample = sampleLines(quads);
  if (sample.length === 0) return angle;
  const forwards = await ocr.recognise(
    picture,
    sample.map((quad) => readAlong(quad, angle)),
  );
  // Most pictures are upright: a clear answer saves the second reading.
  const labels = findLabelHits(forwards).length;
  if (Math.abs(angle) < Math.PI / 4 && meanConfidence(forwards) > SURE && labels > 0) return angle;
  const opposite = angle > 0 ? angle - Math.PI : angle + Math.PI;
  const backwards = await ocr.recognise(
    picture,
    sample.map((quad) => readAlong(quad, opposite)),
  );
  return evidence(forwards) >= evidence(backwards) ? angle : opposite;
}

/** Lines of medium length (labels and short values), spread over the picture. */
function sampleLines(quads: readonly Quad[]): Quad[] {
  const fitting = quads.filter((quad) => {
    const { length, height } = longAxis(quad);
    return length > 3 * height && length < 12 * height;
  });
  const pool = fitting.length > 0 ? fitting : quads;
  const step = Math.max(1, pool.length / SAMPLE);
  return Array.from(
    { length: Math.min(SAMPLE, pool.length) },
    (_, index) => pool[Math.floor((index + 0.5) * step)],
  ).filter((quad) => quad !== undefined);
}

function evidence(lines: readonly TextLine[]): number {
  let sum = LABEL_WEIGHT * findLabelHits(lines).reduce((total, hit) => total + hit.quality, 0);
  // Squared, since half-read words still have half-sure letters.
  for (const line of lines) sum += line.confidence ** 2 * line.characters.length;
  return sum;
}

function meanConfidence(lines: readonly TextLine[]): number {
  return lines.reduce((sum, line) => sum + line.confidence, 0) / Math.max(1, lines.length);
}
