import { availableParallelism } from 'node:os';
import { createProbeEngines } from '../activities/probe-engines.ts';
import { createReadCard } from '../activities/read-card.ts';
import { createCardReaderPool } from '../inference/card-reader/pool.ts';
import { createInferenceWorkers } from '../worker/workers.ts';
import { silentReport } from './assets/report.ts';
import { ensureOcrModels } from './assets.ts';
import { connectWorker } from './connect.ts';
import { keepWorking } from './keep-working.ts';
import type { RoleContext } from './roles.ts';

/** Images and models: needs no database. */
export async function runInferenceRole({ config, keyring, blobs, logger, closers }: RoleContext): Promise<void> {
  const models = await ensureOcrModels(config, silentReport);
  const threads = config.OCR_THREADS || availableParallelism();
  const pool = createCardReaderPool({ modelPaths: models, threads });
  closers.add('card reader', () => pool.close());
  if (config.EAGER_LOAD_MODEL) await pool.ready;

  const workers = keepWorking(
    'inference',
    async () => {
      const connection = await connectWorker(config);
      const activities = {
        readCard: createReadCard({ pool, blobs, keyring }),
        probeEngines: createProbeEngines(async () => [{ id: 'pp-ocr', kind: 'ppocr', ready: true, error: null }]),
      };
      const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
      return { connection, workers: await createInferenceWorkers(where, activities, threads) };
    },
    logger,
  );
  closers.add('inference worker', () => workers.stop());
}
