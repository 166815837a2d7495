import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { decodeEmissions } from '../../ktp/ctc.ts';
import type { Emissions, Point, Quad, TextLine } from '../../ktp/text-line.ts';
import { rectangleToQuad } from '../../media/homography.ts';
import type { Raster, RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { runSession } from './session.ts';
import { writePlanes } from './tensor.ts';

/** Height of the recogniser's input in pixels. */
const LINE_HEIGHT = 48;
/** Pixels of width that become one time step of the output. */
const STEP_WIDTH = 8;
/** PP-OCR pads shorter lines to this width; narrower inputs were not seen in training. */
const MIN_WIDTH = 320;
/** A line longer than this says nothing on a card and would only cost memory. */
const MAX_WIDTH = 3200;

export interface RecognitionSettings {
  /** Lines in one run at most. */
  readonly batchSize: number;
  /** Keep the probabilities of each line, for decoding it again with another alphabet. */
  readonly emissions: boolean;
}

interface Crop {
  readonly index: number;
  readonly raster: Raster;
}

/**
 * Reads the text inside quads (corners in reading order) of a picture. Crops are upright and 48 pixels high, batched
 * with others of about their width. Answers in the order of the quads.
 */
export async function recogniseText(
  session: InferenceSession,
  characters: readonly string[],
  source: RasterPyramid,
  quads: readonly Quad[],
  settings: RecognitionSettings,
): Promise<TextLine[]> {
  const crops = quads
    .map((quad, index): Crop => ({ index, raster: cropLine(source, quad) }))
    .sort((p, q) => p.raster.width - q.raster.width);
  const lines: TextLine[] = [];
  for (let start = 0; start < crops.length; start += settings.batchSize) {
    const batch = crops.slice(start, start + settings.batchSize);
    const width = Math.max(MIN_WIDTH, ...batch.map(({ raster }) => raster.width));
    const input = new Float32Array(batch.length * 3 * LINE_HEIGHT * width);
    const plane = LINE_HEIGHT * width;
    for (const [row, { raster }] of batch.entries()) writePlanes(raster, input, row * 3 * plane, width, plane);
    const output = await runSession(session, new Tensor('float32', input, [batch.length, 3, LINE_HEIGHT, width]));
    const steps = output.dims[1] ?? 0;
    const columns = output.dims[2] ?? 0;
    if (columns !== characters.length) throw new RangeError('the dictionary does not fit the recognition model');
    for (const [row, { index, raster }] of batch.entries()) {
      const quad = quads[index];
      if (!quad) continue;
      // Steps beyond the line's own pixels saw only padding; one more, since the last letter may sit on the border.
      const own = Math.min(steps, Math.ceil(raster.width / STEP_WIDTH) + 1);
      const first = row * steps * columns;
      const emissions: Emissions = {
        characters,
        steps: own,
        probabilities: output.data.slice(first, first + own * columns),
      };
      lines[index] = { ...decodeEmissions(emissions), quad, ...(settings.emissions ? { emissions } : {}) };
    }
  }
  return lines;
}

function cropLine(source: RasterPyramid, quad: Quad): Raster {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  const width = Math.max(length(topLeft, topRight), length(bottomLeft, bottomRight), 1);
  const height = Math.max(length(topLeft, bottomLeft), length(topRight, bottomRight), 1);
  const cropWidth = Math.min(MAX_WIDTH, Math.max(STEP_WIDTH, Math.ceil((LINE_HEIGHT * width) / height)));
  return sampleRaster(source, rectangleToQuad(cropWidth, LINE_HEIGHT, quad), cropWidth, LINE_HEIGHT);
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
