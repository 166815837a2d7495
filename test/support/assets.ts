import { dirname } from 'node:path';
import { createAssetReport } from '../../src/runtime/assets/report.ts';
import { ensureOcrModels, ensureTemporalCli } from '../../src/runtime/assets/runtime-assets.ts';

/**
 * Vitest global setup: the Temporal CLI and the OCR models are in the cache before the first test, and the tests find
 * them by TEMPORAL_CLI_PATH and KTPFLOW_MODELS_DIR.
 */
export async function setup(): Promise<void> {
  const environment = {
    KTPFLOW_CACHE: process.env.KTPFLOW_CACHE || undefined,
    TEMPORAL_CLI_PATH: process.env.TEMPORAL_CLI_PATH || undefined,
  };
  const report = createAssetReport(process.stdout);
  process.env.TEMPORAL_CLI_PATH = await ensureTemporalCli(environment, report);
  process.env.KTPFLOW_MODELS_DIR = dirname((await ensureOcrModels(environment, report)).detectionModelPath);
}
