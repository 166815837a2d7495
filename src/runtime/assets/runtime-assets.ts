import type { Config } from '../../config.ts';
import { cacheFolder } from './cache-folder.ts';
import { ensureAssets } from './ensure-assets.ts';
import { DETECTION_MODEL, RECOGNITION_MODEL } from './ocr-models.ts';
import type { AssetReport } from './report.ts';
import { explicitTemporalCli, temporalCliAsset, temporalCliOnPath } from './temporal-cli.ts';

export interface OcrModelPaths {
  readonly detectionModelPath: string;
  readonly recognitionModelPath: string;
}

/**
 * Path of a Temporal CLI that can be run: TEMPORAL_CLI_PATH, a recent one on the PATH, the cache, or fetched.
 * @throws AssetError with what to do by hand.
 */
export async function ensureTemporalCli(
  config: Pick<Config, 'TEMPORAL_CLI_PATH' | 'KTPFLOW_CACHE'>,
  report: AssetReport,
): Promise<string> {
  if (config.TEMPORAL_CLI_PATH !== undefined) return await explicitTemporalCli(config.TEMPORAL_CLI_PATH);
  const onPath = await temporalCliOnPath((text) => report.line(text));
  if (onPath !== null) return onPath;
  const asset = temporalCliAsset();
  const [path = ''] = await ensureAssets([asset], cacheFolder(config.KTPFLOW_CACHE), report);
  return path;
}

/**
 * Paths of the pinned OCR models: the cache, or fetched.
 * @throws AssetError with what to do by hand.
 */
export async function ensureOcrModels(
  config: Pick<Config, 'KTPFLOW_CACHE'>,
  report: AssetReport,
): Promise<OcrModelPaths> {
  const assets = [DETECTION_MODEL, RECOGNITION_MODEL];
  const [detectionModelPath = '', recognitionModelPath = ''] = await ensureAssets(
    assets,
    cacheFolder(config.KTPFLOW_CACHE),
    report,
  );
  return { detectionModelPath, recognitionModelPath };
}
