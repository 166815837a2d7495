import { isBareLabel } from '../../ktp/layout/labels.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import { isDoubtful } from '../ppocr/is-doubtful.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { SAMPLE_LINES } from '../ppocr/recognition.ts';
import { findLabelHits } from './label-hits.ts';
import { legibilityOf } from './legibility.ts';
import { inDirection, longAxis, readAlong } from './text-direction.ts';

/** Lines that are read to tell the direction, from either end of the rows: labels stand at the left one. */
const SAMPLE_PER_END = 3;
/** Text read upside down reaches about 0.8, text the right way 0.97 and more where the picture is sharp. */
const SURE = 0.93;
/** Labels that decide alone, whatever stands beside them: a signature, other scripts. Upside down not even one is read. */
const CLEAR_LABELS = 1.5;
/** A label says as much as this many characters. */
const LABEL_WEIGHT = 8;

export interface Direction {
  /** Angle of the text in the picture, radians clockwise, -180..180 degrees. */
  readonly angle: number;
  /** Sum of the qualities of the labels that were read on the way. */
  readonly labels: number;
  /** Mean confidence of the lines that were read in that direction. */
  readonly confidence: number;
  /** Lines that were read in that direction on the way, without doubt, by the index of their quad. */
  readonly known: ReadonlyMap<number, TextLine>;
  /** Indexes of the quads whose lines the quick recogniser left in doubt. */
  readonly doubtful: ReadonlySet<number>;
}

/**
 * Decides which of the two ends of the text's axis it is read from, once for all lines: by reading a few of them both
 * ways. (A per-line classifier turns lines of OCR-A digits upside down.) `axis` in radians, -90..90 degrees.
 */
export async function decideDirection(
  ocr: PpOcr,
  picture: RasterPyramid,
  quads: readonly Quad[],
  axis: number,
): Promise<Direction> {
  const sample = sampleLines(quads, axis);
  const read = async (angle: number) => {
    const turned = sample.map((index) => readAlong(quads[index] as Quad, angle));
    const lines = await ocr.recognise(picture, turned, { ...SAMPLE_LINES, emissions: true });
    const labels = findLabelHits(lines).reduce((total, hit) => total + hit.quality, 0);
    const confidence = lines.reduce((sum, line) => sum + line.confidence, 0) / Math.max(1, lines.length);
    return { angle, labels, lines, confidence, evidence: LABEL_WEIGHT * labels + legibilityOf(lines) };
  };
  const decided = ({ angle, confidence, labels, lines }: Awaited<ReturnType<typeof read>>): Direction => {
    const known = new Map<number, TextLine>();
    const doubtful = new Set<number>();
    for (const [position, line] of lines.entries()) {
      const index = sample[position];
      if (index === undefined || !line.emissions) continue;
      if (!isDoubtful(line.emissions) || isBareLabel(line.text)) known.set(index, line);
      else doubtful.add(index);
    }
    return { angle, labels, confidence, known, doubtful };
  };
  const forwards = await read(axis);
  // Most pictures are upright: a clear answer saves the second reading.
  const isUpright = Math.abs(axis) < Math.PI / 4;
  if (forwards.labels > CLEAR_LABELS) return decided(forwards);
  if (isUpright && forwards.confidence > SURE && forwards.labels > 0.5) return decided(forwards);
  const backwards = await read(axis > 0 ? axis - Math.PI : axis + Math.PI);
  return decided(forwards.evidence >= backwards.evidence ? forwards : backwards);
}

/** Indexes of lines of medium length (labels and short values) from both ends of the rows. */
function sampleLines(quads: readonly Quad[], axis: number): number[] {
  const measured = quads.map((quad, index) => {
    const { length, height } = longAxis(quad);
    const reach = quad.map((corner) => inDirection(corner, axis).x);
    return { index, ratio: length / height, start: Math.min(...reach), end: Math.max(...reach) };
  });
  const fitting = measured.filter(({ ratio }) => ratio > 3 && ratio < 12);
  const pool = fitting.length >= SAMPLE_PER_END ? fitting : measured;
  const left = [...pool].sort((p, q) => p.start - q.start).slice(0, SAMPLE_PER_END);
  const right = [...pool].sort((p, q) => q.end - p.end).slice(0, SAMPLE_PER_END);
  return [...new Set([...left, ...right].map(({ index }) => index))];
}
