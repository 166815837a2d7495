import { availableParallelism } from 'node:os';
import { createGenerateAnswer } from '../../activities/chat/generate-answer.ts';
import { createReadCard } from '../../activities/extraction/read-card.ts';
import { createProbeEngines } from '../../activities/probe-engines.ts';
import { Canary } from '../../inference/canary/canary.ts';
import { createCardReaderPool } from '../../inference/card-reader/pool.ts';
import { createEngines } from '../../inference/engines.ts';
import { readConfidenceTable } from '../../inference/read-confidence-table.ts';
import { removeLeftVideoFolders } from '../../media/video-folder.ts';
import { allOrNone } from '../../worker/all-or-none.ts';
import { createGenerationWorker, createInferenceWorkers } from '../../worker/workers.ts';
import { silentReport } from '../assets/report.ts';
import { ensureOcrModels } from '../assets/runtime-assets.ts';
import { isAlive } from '../processes/process-identity.ts';
import { connectWorker } from './connect.ts';
import { keepWorking, workersOn } from './keep-working.ts';
import type { RoleContext } from './role-context.ts';

/** Images and models: needs no database. */
export async function runInferenceRole(context: RoleContext): Promise<void> {
  const { config, keyring, blobs, logger, metrics, closers } = context;
  await removeLeftVideoFolders(isAlive);
  const confidenceTable = readConfidenceTable(config.CONFIDENCE_TABLE);
  const models = await ensureOcrModels(config, silentReport);
  const threads = config.OCR_THREADS || availableParallelism();
  const pool = createCardReaderPool({
    modelPaths: models,
    threads,
    // The supervisor, or whatever runs this role, starts it anew; Temporal gives its cards to the next one.
    onStuck: () => {
      logger.error('card-reader.stuck');
      process.exit(1);
    },
  });
  closers.add('card reader', () => pool.close());
  const engines = createEngines(config, { pool, confidenceTable });
  closers.add('engines', () => engines.close());
  const vlm = engines.list().find((engine) => engine.kind !== 'ppocr');
  const canary = vlm && config.VLM_CANARY ? new Canary(vlm) : undefined;
  closers.add('canary', async () => canary?.close());
  void canary?.look();
  if (config.EAGER_LOAD_MODEL) await pool.ready;

  const readCard = createReadCard({
    pool,
    blobs,
    keyring,
    confidenceTable,
    ...(vlm && {
      model: {
        engine: vlm,
        isTrusted: () => canary?.passed ?? true,
        budgetMs: config.VLM_CARD_BUDGET_SECONDS * 1000,
      },
    }),
  });
  const generateAnswer = createGenerateAnswer({ config, engines, blobs, keyring, logger });
  const probeEngines = createProbeEngines(async () => {
    const statuses = await engines.statuses();
    const warning = canary?.warning;
    return statuses.map((status) => (warning && status.id === vlm?.id ? { ...status, warning } : status));
  });
  const workers = keepWorking(
    'inference',
    async () => {
      const connection = await connectWorker(config);
      const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring, metrics };
      return workersOn(connection, () =>
        allOrNone([
          // `ktp-ocr` is asked as a chat model on the queue of the cards, beside them.
          createInferenceWorkers(where, { readCard, generateAnswer, probeEngines }, threads),
          ...(vlm ? [createGenerationWorker(where, { generateAnswer }, config.VLM_CONCURRENCY)] : []),
        ]),
      );
    },
    logger,
  );
  closers.add('inference worker', () => workers.stop());
  metrics.watchSlots(() => workers.slots());
  context.readinessChecks.push({ component: 'inference worker', works: () => workers.connection() !== undefined });
}
