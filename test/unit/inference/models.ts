import { homedir } from 'node:os';
import path from 'node:path';

/** Where the tests' global set-up puts the OCR models. */
const folder =
  process.env.KTPFLOW_MODELS_DIR ??
  path.join(process.env.KTPFLOW_CACHE ?? path.join(homedir(), '.cache', 'ktpflow'), 'models');

export const MODEL_PATHS = {
  detectionModelPath: path.join(folder, 'PP-OCRv6_det_small.onnx'),
  recognitionModelPath: path.join(folder, 'PP-OCRv6_rec_small.onnx'),
};

export const FIXTURES = new URL('../../fixtures/ocr/', import.meta.url);
