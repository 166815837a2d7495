import { dirname, join } from 'node:path';
import type { ModelPaths } from '../src/inference/card-reader/thread-messages.ts';
import { createAssetReport } from '../src/runtime/assets/report.ts';
import { ensureOcrModels } from '../src/runtime/assets/runtime-assets.ts';

/**
 * Where the OCR models lie: the folder that was named, KTPFLOW_MODELS_DIR, or that of the assets' cache, into which they
 * are fetched where no server was started before the bench.
 * @throws AssetError with what to do by hand.
 */
export async function modelsFolder(named?: string): Promise<string> {
  const chosen = named ?? process.env.KTPFLOW_MODELS_DIR;
  if (chosen !== undefined) return chosen;
  const report = createAssetReport(process.stderr);
  const { detectionModelPath } = await ensureOcrModels(
    { KTPFLOW_CACHE: process.env.KTPFLOW_CACHE || undefined },
    report,
  );
  return dirname(detectionModelPath);
}

/** The OCR models in a folder. */
export function modelPathsIn(folder: string): ModelPaths {
  return {
    detectionModelPath: join(folder, 'PP-OCRv6_det_small.onnx'),
    recognitionModelPath: join(folder, 'PP-OCRv6_rec_small.onnx'),
  };
}
