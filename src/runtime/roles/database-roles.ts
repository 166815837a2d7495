import { resolve } from 'node:path';
import { batchDependencies, createBatchActivities } from '../../activities/batch/batch-activities.ts';
import { createStoreTranscript } from '../../activities/chat/store-transcript.ts';
import { createChatBatchActivities } from '../../activities/chat-batch/chat-batch-activities.ts';
import { createStoreResult } from '../../activities/extraction/store-result.ts';
import { alsoPruningAccessLog } from '../../activities/retention/prune-access-log.ts';
import { createRemoveExpired } from '../../activities/retention/remove-expired.ts';
import { createRemoveOrphans } from '../../activities/retention/remove-orphaned-blobs.ts';
import { createReviewActivities } from '../../activities/review/close-review.ts';
import { createWebhookActivities } from '../../activities/webhook/webhook-activities.ts';
import type { Role } from '../../config.ts';
import { type Database, openDatabase } from '../../storage/database.ts';
import { StoredOutcomes } from '../../storage/stored-outcomes.ts';
import { createQueueWatch } from '../../worker/measure-work.ts';
import { ensureRetentionSchedule } from '../../worker/retention-schedule.ts';
import { createWorkflowWorkers } from '../../worker/workers.ts';
import { ensureAdminKey } from '../embedded/admin-key.ts';
import { openEmbeddedDatabase } from '../embedded/pglite.ts';
import { describeLostKeys } from '../supervisor/lost-keys.ts';
import { connectWorker, createTemporalClient, createWorkerClient } from './connect.ts';
import { type KeptWorkers, keepWorking, workersOn } from './keep-working.ts';
import { openPatiently } from './open-patiently.ts';
import type { RoleContext } from './role-context.ts';

/**
 * The roles that need the database: `worker` (workflows, database activities) and `api`.
 * @returns the API's address, where the role is among them
 */
export async function runDatabaseRoles(context: RoleContext, roles: readonly Role[]): Promise<string | undefined> {
  const { config, keyring, blobs, logger, metrics, closers } = context;
  const database = await connectDatabase(context);
  const lost = await describeLostKeys(database, keyring);
  if (lost) process.stderr.write(`${lost}\n`);
  const temporal = createTemporalClient(config, keyring);
  closers.add('temporal client', () => temporal.connection.close());
  const outcomes = new StoredOutcomes();

  const keepWorkflowWorker = (): KeptWorkers => {
    const stored = batchDependencies(config, { database, blobs, keyring });
    const storeResult = createStoreResult({ ...stored, metrics, outcomes });
    return keepWorking(
      'worker',
      async () => {
        const connection = await connectWorker(config);
        const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring, metrics };
        const activities = {
          storeResult,
          ...createReviewActivities({ database, blobs, keyring, metrics, outcomes }),
          removeExpired: alsoPruningAccessLog(createRemoveExpired(database, blobs), database, config.ACCESS_LOG_DAYS),
          removeOrphans: createRemoveOrphans(database, blobs),
          storeTranscript: createStoreTranscript({ config, database, blobs, keyring, metrics }),
          ...createChatBatchActivities({ config, database, blobs, keyring }),
          ...createWebhookActivities({ config, database, keyring }),
          ...createBatchActivities(stored, metrics),
        };
        return workersOn(connection, async () => {
          await ensureRetentionSchedule(temporal);
          return createWorkflowWorkers(where, activities);
        });
      },
      logger,
    );
  };
  const workers = roles.includes('worker') ? keepWorkflowWorker() : undefined;
  metrics.watchQueues(createQueueWatch(temporal));
  if (workers) {
    metrics.watchSlots(() => workers.slots());
    closers.add('workflow worker', () => workers.stop());
    context.readinessChecks.push({ component: 'workflow worker', works: () => workers.connection() !== undefined });
  }

  if (!roles.includes('api')) return undefined;
  const { startApiServer } = await import('../../api/server.ts');
  const workerClient = createWorkerClient(config, keyring, () => workers?.connection());
  const server = await startApiServer({
    config,
    database,
    blobs,
    keyring,
    temporal,
    workerClient,
    outcomes,
    logger,
    metrics,
  });
  closers.add('api', () => server.close());
  return server.address;
}

async function connectDatabase({ config, closers, logger }: RoleContext): Promise<Database> {
  const { DATABASE_URL: url, DATABASE_POOL_SIZE: poolSize } = config;
  if (url) {
    const database = await openPatiently(() => openDatabase({ url, poolSize }), logger);
    closers.add('database', () => database.$disconnect());
    return database;
  }
  const home = resolve(config.KTPFLOW_HOME);
  const embedded = await openEmbeddedDatabase(home);
  closers.add('pglite', () => embedded.close());
  const database = await openDatabase({ pglite: embedded.pglite });
  await ensureAdminKey(home, database);
  return database;
}
