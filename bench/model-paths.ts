import { join } from 'node:path';
import type { ModelPaths } from '../src/inference/card-reader/thread-messages.ts';
import { cacheFolder } from '../src/runtime/assets/cache-folder.ts';

/** Where the OCR models lie: the folder that was named, KTPFLOW_MODELS_DIR, or that of the assets' cache. */
export function modelsFolder(named?: string): string {
  return named ?? process.env.KTPFLOW_MODELS_DIR ?? join(cacheFolder(process.env.KTPFLOW_CACHE || undefined), 'models');
}

/** The OCR models in a folder. */
export function modelPathsIn(folder: string): ModelPaths {
  return {
    detectionModelPath: join(folder, 'PP-OCRv6_det_small.onnx'),
    recognitionModelPath: join(folder, 'PP-OCRv6_rec_small.onnx'),
  };
}
