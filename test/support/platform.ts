import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { batchDependencies, createBatchActivities } from '../../src/activities/batch/batch-activities.ts';
import { createStoreTranscript } from '../../src/activities/chat/store-transcript.ts';
import { createChatBatchActivities } from '../../src/activities/chat-batch/chat-batch-activities.ts';
import { createReadCard } from '../../src/activities/extraction/read-card.ts';
import { createStoreResult } from '../../src/activities/extraction/store-result.ts';
import { createProbeEngines } from '../../src/activities/probe-engines.ts';
import { createRemoveExpired } from '../../src/activities/retention/remove-expired.ts';
import { createRemoveOrphans } from '../../src/activities/retention/remove-orphaned-blobs.ts';
import { createReviewActivities } from '../../src/activities/review/close-review.ts';
import type { WebhookDependencies } from '../../src/activities/webhook/dependencies.ts';
import { createWebhookActivities } from '../../src/activities/webhook/webhook-activities.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { BatchActivities } from '../../src/contract/batch-activities.ts';
import type { InferenceActivities } from '../../src/contract/extraction-activities.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { type CardReaderPool, createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import { createLogger, type Logger } from '../../src/observability/logger.ts';
import { connectWorker, createTemporalClient } from '../../src/runtime/roles/connect.ts';
import { type KeptWorkers, keepWorking } from '../../src/runtime/roles/keep-working.ts';
import type { BlobStore } from '../../src/storage/blobs.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { createInferenceWorkers, createWorkflowWorkers } from '../../src/worker/workers.ts';
import { TEST_ENCRYPTION_KEYS } from './histories.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from './memory-database.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { startTemporalService } from './temporal-service.ts';

export interface PlatformOptions {
  /** Guard, pauses and time-out of webhooks. Default: those of the configuration. */
  readonly webhooks?: Partial<WebhookDependencies>;
  /** Whether Temporal is a server of its own, with its files in the platform's folder. */
  readonly ownTemporal?: boolean;
  /** Environment variables over the defaults. */
  readonly environment?: Record<string, string>;
  /** Stands in for the card reader, to make it fail, wait or count. Default: the real one. */
  readonly readCard?: (real: () => InferenceActivities['readCard']) => InferenceActivities['readCard'];
  /** Stands in front of the activities of batches, to hold them up. Default: nothing does. */
  readonly batchActivities?: (real: BatchActivities) => BatchActivities;
  /** Stands in front of the database of the workers, to make it go away. Default: nothing does. */
  readonly workerDatabase?: (real: Database) => Database;
}

export interface Platform {
  readonly config: Config;
  readonly folder: string;
  readonly keyring: Keyring;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly temporal: Client;
  readonly logger: Logger;
  startInference(): KeptWorkers;
  startWorkflows(): KeptWorkers;
  stop(): Promise<void>;
}

/**
 * The real platform in this process, without its supervisor: Temporal (see startTemporalService), PGlite (or
 * TEST_DATABASE_URL, a PostgreSQL in which a database of its own is made), real activities and models. Workers are
 * started by the test, so that it can leave one out.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  quietRuntime();
  const folder = await mkdtemp(join(tmpdir(), 'ktpflow-test-'));
  const temporalService = await startTemporalService(options.ownTemporal ? folder : null);
  const config = readConfig({
    LOG_LEVEL: 'error',
    KTPFLOW_HOME: folder,
    KTPFLOW_CACHE: process.env.KTPFLOW_CACHE,
    PORT: '0',
    TEMPORAL_ADDRESS: temporalService.address,
    TEMPORAL_NAMESPACE: temporalService.namespace,
    ENCRYPTION_KEYS: TEST_ENCRYPTION_KEYS,
    ...options.environment,
  });
  const keyring = new Keyring(config.ENCRYPTION_KEYS);
  const logger = createLogger({ level: config.LOG_LEVEL, component: 'test' });
  const [blobs, database] = await Promise.all([
    FileBlobStore.open(join(folder, 'blobs'), keyring),
    createDatabase(),
    temporalService.ready(),
  ]);
  const temporal = createTemporalClient(config, keyring);
  const started: KeptWorkers[] = [];
  let pool: CardReaderPool | undefined;

  const realReadCard = (): InferenceActivities['readCard'] => {
    const models = process.env.KTPFLOW_MODELS_DIR ?? '';
    pool ??= createCardReaderPool({
      modelPaths: {
        detectionModelPath: join(models, 'PP-OCRv6_det_small.onnx'),
        recognitionModelPath: join(models, 'PP-OCRv6_rec_small.onnx'),
      },
      threads: 1,
    });
    return createReadCard({ pool, blobs, keyring });
  };

  const keep = (component: string, create: Parameters<typeof keepWorking>[1]): KeptWorkers => {
    const workers = keepWorking(component, create, logger);
    started.push(workers);
    return workers;
  };

  return {
    config,
    folder,
    keyring,
    database: database.database,
    blobs,
    temporal,
    logger,
    startInference: () =>
      keep('inference', async () => {
        const connection = await connectWorker(config);
        const activities = {
          readCard: options.readCard ? options.readCard(realReadCard) : realReadCard(),
          probeEngines: createProbeEngines(async () => [
            { id: 'pp-ocr', kind: 'ppocr', modelId: 'ktp-ocr', ready: true, error: null, contextLength: null },
          ]),
        };
        const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
        return { connection, workers: await createInferenceWorkers(where, activities, 6) };
      }),
    startWorkflows: () =>
      keep('worker', async () => {
        const connection = await connectWorker(config);
        const worked = options.workerDatabase?.(database.database) ?? database.database;
        const stored = batchDependencies(config, { database: worked, blobs, keyring });
        const batches = createBatchActivities(stored);
        const activities = {
          storeResult: createStoreResult(stored),
          ...createReviewActivities({ database: worked, blobs, keyring }),
          removeExpired: createRemoveExpired(worked, blobs),
          removeOrphans: createRemoveOrphans(worked, blobs),
          storeTranscript: createStoreTranscript({ config, database: worked, blobs, keyring }),
          ...createChatBatchActivities({ config, database: worked, blobs, keyring }),
          ...createWebhookActivities({ config, database: worked, keyring, ...options.webhooks }),
          ...(options.batchActivities?.(batches) ?? batches),
        };
        const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
        return {
          connection,
          workers: await createWorkflowWorkers(where, activities, process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE),
        };
      }),
    async stop() {
      await Promise.all(started.map((workers) => workers.stop()));
      await pool?.close();
      await temporal.connection.close();
      await database.drop();
      await temporalService.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(): Promise<{ database: Database; drop(): Promise<void> }> {
  const server = process.env.TEST_DATABASE_URL;
  if (server) {
    const { Client: PostgresClient } = await import('pg');
    const administrator = new PostgresClient({ connectionString: server });
    await administrator.connect();
    const name = `ktpflow_test_${randomBytes(6).toString('hex')}`;
    await administrator.query(`CREATE DATABASE ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const database = await openDatabase({ url: url.href });
    const drop = async () => {
      await database.$disconnect();
      await administrator.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await administrator.end();
    };
    return { database, drop };
  }
  const pglite = await borrowMemoryDatabase();
  return { database: await openDatabase({ pglite }), drop: () => returnMemoryDatabase(pglite) };
}

/** A row and an image as the API writes them before it starts the workflow. */
export async function insertExtraction(platform: Platform, image: Uint8Array): Promise<{ id: string; blob: string }> {
  const { Readable } = await import('node:stream');
  const key = platform.keyring.createDataKey();
  const { blob } = await platform.blobs.write(Readable.from([Buffer.from(image)]), key);
  const id = `ext_${randomBytes(16).toString('hex')}`;
  await platform.database.extraction.create({
    data: {
      id,
      tenant: 'test',
      strategy: 'auto',
      options: {},
      wrappedKey: key.wrappedKey,
      blob,
      expiresAt: new Date(Date.now() + 86_400_000),
      acceptedAt: new Date(),
    },
  });
  return { id, blob };
}
