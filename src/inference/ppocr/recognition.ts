import type { Raster, RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { decodeEmissions } from '../../text-lines/ctc.ts';
import { rectangleToQuad } from '../../text-lines/homography.ts';
import type { Emissions, Point, Quad, TextLine } from '../../text-lines/text-line.ts';
import { isDoubtful } from './is-doubtful.ts';
import { LINE_HEIGHT, type PendingBatch, type RunBatches } from './line-batches.ts';
import { writePlanes } from './tensor.ts';

/** Pixels of width that become one time step of the output. */
const STEP_WIDTH = 8;
/** A line longer than this says nothing on a card and would only cost memory. */
const MAX_WIDTH = 3200;

export interface RecognitionSettings {
  /** Lines in one run at most. */
  readonly batchSize: number;
  /** Lines of a run are padded to the longest one, by this share of it at most; unused with `grid`. */
  readonly maxPadding: number;
  /**
   * A line is padded to the next multiple of this many pixels, and shares a run with lines of that width alone: what is
   * read of it does not depend on its company. 0 for none.
   */
  readonly grid: number;
  /** Shorter lines are padded to this width, pixels. */
  readonly minWidth: number;
  /** Lines are widened by this factor: narrow letters (III) otherwise fall into one time step. */
  readonly stretch: number;
  /** Lines that the quick recogniser leaves in doubt are read by the exact one. */
  readonly again: boolean;
  /** Those of which that is known, by the index of their quad: they go to the exact one at once. Default: none. */
  readonly doubtful?: ReadonlySet<number>;
  /** Text that nothing can be added to by reading it again, however doubtful it is. Default: none. */
  readonly isEnough?: (text: string) => boolean;
  /** Keep the probabilities of each line, for decoding it again with another alphabet. */
  readonly emissions: boolean;
}

/**
 * A run costs by its pixels, whatever the batch, so lines share one only where they are equally long after a little
 * padding: more of it would cost more than a batch saves.
 */
export const CARD_LINES: RecognitionSettings = {
  batchSize: 4,
  maxPadding: 0,
  grid: 16,
  minWidth: 96,
  stretch: 1,
  again: true,
  emissions: false,
};

/** Lines that only tell how legible a picture is. */
export const SAMPLE_LINES: RecognitionSettings = { ...CARD_LINES, again: false };

/** RapidOCR's way: six lines by length, padded to the longest and to 320 pixels. */
export const RAPID_OCR_LINES: RecognitionSettings = {
  batchSize: 6,
  maxPadding: 1,
  grid: 0,
  minWidth: 320,
  stretch: 1,
  again: true,
  emissions: false,
};

interface Crop {
  readonly index: number;
  readonly width: number;
  /** Its pixels, cut out when they are first needed: those of a lent line before the reader's own. */
  readonly raster: () => Raster;
}

/**
 * Reads the text inside quads (corners in reading order) of a picture. Crops are upright and 48 pixels high, batched
 * with others of about their width. What the quick recogniser leaves in doubt the exact one reads: clear cards hardly pay
 * for it, and others lose nothing. Answers in the order of the quads.
 */
export async function recogniseText(
  runBatches: RunBatches,
  characters: readonly string[],
  source: RasterPyramid,
  quads: readonly Quad[],
  settings: RecognitionSettings,
): Promise<TextLine[]> {
  const crops = quads
    .map((quad, index) => cropOf(source, quad, index, settings.stretch))
    .sort((p, q) => p.width - q.width);
  const isKnown = ({ index }: Crop): boolean => settings.doubtful?.has(index) ?? false;
  const reading = { characters, settings, runBatches };
  const first = await readCrops(crops, isKnown, reading);
  const leavesDoubt = ([crop, emissions]: [Crop, Emissions]): boolean =>
    !isKnown(crop) && isDoubtful(emissions) && !settings.isEnough?.(decodeEmissions(emissions).text);
  const doubtful = settings.again ? first.filter(leavesDoubt).map(([crop]) => crop) : [];
  const read = new Map([...first, ...(await readCrops(doubtful, () => true, reading))]);
  const lines: TextLine[] = [];
  for (const [{ index }, emissions] of read) {
    const quad = quads[index];
    if (!quad) continue;
    lines[index] = { ...decodeEmissions(emissions), quad, ...(settings.emissions ? { emissions } : {}) };
  }
  return lines;
}

interface Reading {
  readonly characters: readonly string[];
  readonly settings: RecognitionSettings;
  readonly runBatches: RunBatches;
}

/** What the recogniser, the quick one or for some the exact one, says of crops, shortest first. */
async function readCrops(
  crops: readonly Crop[],
  isExact: (crop: Crop) => boolean,
  { characters, runBatches, settings }: Reading,
): Promise<[Crop, Emissions][]> {
  const ofForm = (exact: boolean) =>
    batchesOf(
      crops.filter((crop) => isExact(crop) === exact),
      settings,
    ).map((batch) => ({ batch, exact }));
  const batches = [...ofForm(false), ...ofForm(true)];
  const outputs = await runBatches(batches.map(({ batch, exact }) => pendingBatch(batch, settings, exact)));
  const read: [Crop, Emissions][] = [];
  for (const [position, { batch }] of batches.entries()) {
    const { steps, columns, probabilities } = outputs[position] ?? { steps: 0, columns: 0, probabilities: EMPTY };
    if (columns !== characters.length) throw new RangeError('the dictionary does not fit the recognition model');
    for (const [row, crop] of batch.entries()) {
      // Steps beyond the line's own pixels saw only padding; one more, since the last letter may sit on the border.
      const own = Math.min(steps, Math.ceil(crop.width / STEP_WIDTH) + 1);
      const first = row * steps * columns;
      const emissions = { characters, steps: own, probabilities: probabilities.slice(first, first + own * columns) };
      read.push([crop, emissions]);
    }
  }
  return read;
}

const EMPTY = new Float32Array(0);
/** What the exact recogniser takes for a pixel, against the quick one. */
const EXACT_COST = 1.6;

function pendingBatch(batch: readonly Crop[], settings: RecognitionSettings, exact: boolean): PendingBatch {
  const width = Math.max(...batch.map((crop) => paddedWidth(crop, settings)));
  const count = batch.length;
  return {
    cost: count * width * (exact ? EXACT_COST : 1),
    prepare: () => {
      const plane = LINE_HEIGHT * width;
      const pixels = new Float32Array(count * 3 * plane);
      for (const [row, { raster }] of batch.entries()) writePlanes(raster(), pixels, row * 3 * plane, width, plane);
      return { count, width, pixels, exact };
    },
  };
}

/** Cuts a list of crops, shortest first, into runs. */
function batchesOf(crops: readonly Crop[], settings: RecognitionSettings): Crop[][] {
  const { batchSize, maxPadding, grid, minWidth } = settings;
  const batches: Crop[][] = [];
  for (const crop of crops) {
    const last = batches.at(-1);
    const [first] = last ?? [];
    const fits =
      grid > 0
        ? first !== undefined && paddedWidth(first, settings) === paddedWidth(crop, settings)
        : Math.max(minWidth, first?.width ?? 0) >= crop.width * (1 - maxPadding);
    if (last && last.length < batchSize && fits) last.push(crop);
    else batches.push([crop]);
  }
  return batches;
}

/** The width of a line's input, by the line alone. */
function paddedWidth({ width: own }: Crop, { minWidth, grid }: RecognitionSettings): number {
  const width = Math.max(minWidth, own);
  return grid > 0 ? Math.ceil(width / grid) * grid : width;
}

function cropOf(source: RasterPyramid, quad: Quad, index: number, stretch: number): Crop {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  const long = Math.max(length(topLeft, topRight), length(bottomLeft, bottomRight), 1);
  const high = Math.max(length(topLeft, bottomLeft), length(topRight, bottomRight), 1);
  const width = Math.min(MAX_WIDTH, Math.max(STEP_WIDTH, Math.ceil((LINE_HEIGHT * long * stretch) / high)));
  let cut: Raster | undefined;
  const raster = (): Raster => {
    cut ??= sampleRaster(source, rectangleToQuad(width, LINE_HEIGHT, quad), width, LINE_HEIGHT);
    return cut;
  };
  return { index, width, raster };
}

function length(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

/**
 * Turns the corners of a standing box (at least 1.5 times as high as wide) so that it is read along its long side,
 * from bottom to top, as RapidOCR does.
 */
export function alongLongSide(quad: Quad): Quad {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  const standing = length(topLeft, bottomLeft) >= 1.5 * length(topLeft, topRight);
  return standing ? [topRight, bottomRight, bottomLeft, topLeft] : quad;
}
