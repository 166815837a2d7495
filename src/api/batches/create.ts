import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { ItemRequest } from '../../batch/item-request.ts';
import {
  BATCH_START,
  batchWorkflowId,
  INGEST_BATCH_WORKFLOW,
  type IngestBatchInput,
} from '../../contract/batch-workflow.ts';
import type { Strategy } from '../../contract/strategies.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { SealedWebhook } from '../../storage/webhook-deliveries.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import type { Idempotency } from '../intake/idempotency.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import type { NewItem } from './new-item.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows written by one statement. */
const ROWS_AT_ONCE = 500;
/** Well below the 10,000 that Temporal warns at, and one run still holds hundreds of cards. */
const HISTORY_LIMIT = 4_000;
/** Items in the window for each one that is read: while some are stored and listed, no process waits. */
const WINDOW_PER_SLOT = 4;

export interface NewBatch {
  readonly caller: Caller;
  readonly loggedId: string;
  readonly batch: ReceivedBatch;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Rows first, then the workflow: whatever dies in between, no acknowledged batch is without its run. When the start
 * fails, rows and images are removed again.
 * @returns the batch's id @throws errors of the database and of the Temporal client
 */
export async function createBatch(context: RouteContext, request: NewBatch): Promise<string> {
  const { database, logger } = context;
  const id = `batch_${randomBytes(16).toString('hex')}`;
  try {
    await insertRows(context, id, request);
    const { options, webhook } = request.batch;
    await startRun(context, { ...options, id, tenant: request.caller.tenant, run: 1, webhook: webhook !== null });
  } catch (error) {
    await database.batch
      .deleteMany({ where: { id } })
      // Rows that never got a run are removed by the retention Schedule too.
      .catch((failure: unknown) => logger.warn('batch.remove.failed', { batchId: id, error: failure }));
    await discardBatch(context, request.batch);
    throw error;
  }
  await database.batch.updateMany({ where: { id }, data: { acceptedAt: new Date() } });
  return id;
}

export interface BatchStart {
  readonly id: string;
  readonly tenant: string;
  readonly run: number;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  readonly storeImage: boolean;
  /** Whether somebody is to be told of the end of the run. */
  readonly webhook: boolean;
}

/**
 * Starts a run of a batch; the atomic step of creating and of retrying.
 * @throws WorkflowExecutionAlreadyStartedError while a run is open, and errors of the Temporal client
 */
export async function startRun(context: RouteContext, start: BatchStart): Promise<void> {
  const { config } = context;
  const input: IngestBatchInput = {
    batchId: start.id,
    run: start.run,
    strategy: start.strategy,
    rejectLowQuality: start.rejectLowQuality,
    storeImage: start.storeImage,
    window: config.BATCH_WINDOW || WINDOW_PER_SLOT * availableParallelism(),
    historyLimit: HISTORY_LIMIT,
    ...(start.webhook && { webhook: webhookInput(context.keyring, 'batch', start.id, start.run) }),
    position: BATCH_START,
  };
  await startWorkflow(context, INGEST_BATCH_WORKFLOW, {
    workflowId: batchWorkflowId(start.id),
    input,
    tenant: start.tenant,
    // Cards of a batch stand behind single ones.
    priorityKey: BATCH_PRIORITY,
    // Not shorter than the default, as for single cards: a new worker replays thousands of events first.
    workflowTaskTimeout: '10 seconds',
  });
}

async function insertRows(context: RouteContext, id: string, request: NewBatch): Promise<void> {
  const { config, database } = context;
  const { batch, caller, idempotency, loggedId } = request;
  const { metadata, options, webhook } = batch;
  const sealed: { metadata: typeof metadata; webhook?: SealedWebhook } = { metadata, ...(webhook && { webhook }) };
  const now = new Date();
  const shared = {
    tenant: caller.tenant,
    options: {
      strategy: options.strategy,
      reject_low_quality: options.rejectLowQuality,
      store_image: options.storeImage,
      webhook: batch.webhook !== null,
    },
    createdAt: now,
    expiresAt: new Date(now.getTime() + config.RETENTION_DAYS * DAY_MS),
  };
  const row = database.batch.create({
    data: {
      ...shared,
      id,
      source: batch.source,
      wrappedKey: batch.key.wrappedKey,
      sealedRequest: sealJson(batch.key.dataKey, sealed, requestContext(id)),
      blob: batch.archive,
      skipped: batch.skipped,
      ...idempotency,
    },
  });
  const access = accessLogRow({ caller, action: 'batch.create', subject: id, requestId: loggedId });
  await database.$transaction([row, database.accessLogEntry.create({ data: access })]);
  for (let start = 0; start < batch.items.length; start += ROWS_AT_ONCE) {
    const items = batch.items.slice(start, start + ROWS_AT_ONCE);
    await database.extraction.createMany({
      data: items.map((item, offset) => ({
        ...shared,
        ...itemColumns(context, id, item, now),
        strategy: options.strategy,
        batchIndex: start + offset,
      })),
    });
  }
}

function itemColumns(context: RouteContext, batchId: string, item: NewItem, now: Date) {
  const { blob, customId, entry, id, imageUrl, key, metadata, name, refusal, sha256 } = item;
  const request: ItemRequest = {
    reference_id: null,
    metadata,
    name,
    custom_id: customId,
    image_url: imageUrl,
    entry,
  };
  return {
    id,
    batchId,
    blob,
    wrappedKey: key.wrappedKey,
    sealedRequest: sealJson(key.dataKey, request, requestContext(id)),
    contentHash: sha256 === null ? null : context.keyring.hmac('batch content', batchId, sha256),
    // The batch is what is accepted or not.
    acceptedAt: now,
    ...(refusal && {
      status: 'failed',
      attempts: 1,
      errorCode: refusal.code,
      errorMessage: refusal.message,
      finishedAt: now,
    }),
  };
}
