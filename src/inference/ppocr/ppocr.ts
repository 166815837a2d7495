import { readFile } from 'node:fs/promises';
import { type Raster, RasterPyramid } from '../../media/raster.ts';
import { mapQuad } from '../../text-lines/homography.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import type { TextBox } from './db-postprocess.ts';
import { type DetectionWindow, detectText, wholePictureWindow } from './detection.ts';
import { createDetector } from './detector.ts';
import { fuseGelu } from './fuse-gelu.ts';
import { type BatchOutput, type Helpers, type LineBatch, runBatch, runShared } from './line-batches.ts';
import { quantiseLayers } from './quantise.ts';
import { OVER_JOINED, RECOGNISER_LAYERS } from './recogniser-layers.ts';
import { alongLongSide, CARD_LINES, RAPID_OCR_LINES, type RecognitionSettings, recogniseText } from './recognition.ts';
import { KTP_CHARACTERS, prepareRecognitionModel } from './recognition-model.ts';
import { withSeparateHalves } from './separate-halves.ts';
import { createSession } from './session.ts';

export interface PpOcrOptions {
  readonly detectionModelPath: string;
  readonly recognitionModelPath: string;
  /** Threads that one run of a model may use. Default 1. */
  readonly intraOpThreads?: number;
  /** Characters to keep in the recogniser's output, or 'all' of its 18,709. Default: those that a KTP can hold. */
  readonly characters?: string;
  /** Who may run a part of the lines, and whose cores the detector may use while they are all idle. Default: nobody. */
  readonly helpers?: Helpers;
}

/** PP-OCRv6 on onnxruntime. Not re-entrant: one call at a time (runs block the thread anyway). */
export interface PpOcr {
  /** Finds text in a window of a picture. Boxes are in the window's pixels, rows top to bottom. */
  detect(picture: RasterPyramid, window: DetectionWindow): Promise<TextBox[]>;
  /** Reads the text inside quads, whose corners are in reading order; answers in their order. */
  recognise(picture: RasterPyramid, quads: readonly Quad[], settings?: RecognitionSettings): Promise<TextLine[]>;
  /** Runs batches of lines for another. */
  help(batches: readonly LineBatch[]): Promise<BatchOutput[]>;
  /** Reads a picture as RapidOCR does: no knowledge of cards, lines with no text left out. */
  read(picture: Raster): Promise<TextLine[]>;
  close(): Promise<void>;
}

/** More of them help one run of the detector little. */
const MOST_CORES = 4;

/** Loads the detector and the recogniser, this one in bytes and in floats. Costs about a second of one core and 150 MB. */
export async function createPpOcr(options: PpOcrOptions): Promise<PpOcr> {
  const threads = options.intraOpThreads ?? 1;
  const keep = options.characters === 'all' ? undefined : (options.characters ?? KTP_CHARACTERS);
  const model = prepareRecognitionModel(await readFile(options.recognitionModelPath), keep);
  const exact = withSeparateHalves(model.bytes, OVER_JOINED);
  const { helpers } = options;
  const detection = await createDetector(options.detectionModelPath, {
    shared: threads,
    all: threads * Math.min(MOST_CORES, 1 + (helpers?.count ?? 0)),
    isAlone: () => helpers !== undefined && helpers.idle === helpers.count,
  });
  const recognition = {
    quick: await createSession(fuseGelu(quantiseLayers(exact, RECOGNISER_LAYERS)), threads),
    exact: await createSession(exact, threads),
  };
  const characters = model.characters;

  const ocr: PpOcr = {
    detect: (picture, window) => detectText(detection, picture, window),
    recognise: (picture, quads, settings = CARD_LINES) =>
      recogniseText((batches) => runShared(recognition, batches, helpers), characters, picture, quads, settings),
    help: async (batches) => {
      const outputs: BatchOutput[] = [];
      for (const batch of batches) outputs.push(await runBatch(recognition, batch));
      return outputs;
    },
    read: async (picture) => {
      const pyramid = new RasterPyramid(picture);
      const window = wholePictureWindow(picture.width, picture.height, rapidOcrScale(picture));
      const boxes = await ocr.detect(pyramid, window);
      const quads = boxes.map(({ quad }) => alongLongSide(mapQuad(window.toSource, quad)));
      const lines = await ocr.recognise(pyramid, quads, RAPID_OCR_LINES);
      return lines.filter(({ text }) => text.trim() !== '');
    },
    close: async () => {
      await detection.release();
      await recognition.quick.release();
      await recognition.exact.release();
    },
  };
  return ocr;
}

/** RapidOCR looks at a picture at its own size, or larger so that the shorter side has 736 pixels. */
function rapidOcrScale(picture: Raster): number {
  return Math.max(1, 736 / Math.min(picture.width, picture.height));
}
