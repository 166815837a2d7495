import { randomBytes } from 'node:crypto';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import type { SealedWebhook } from '../../storage/webhook-deliveries.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import type { Idempotency } from '../intake/idempotency.ts';
import { startOnce } from '../intake/start-once.ts';
import { documentsOf, itemRows, ROWS_AT_ONCE, storedBatchOptions } from './item-rows.ts';
import { pagesOf } from './new-item.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { removeUnaccepted, type StartContext, startableBatch } from './start.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

type CreateContext = StartContext & Pick<RouteContext, 'closing'>;

export interface NewBatch {
  readonly caller: Caller;
  readonly requestId: string;
  readonly batch: ReceivedBatch;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Rows first, then the workflow: whatever dies in between, no acknowledged batch is without its run (see start-once.ts).
 * @returns the batch's id @throws errors of the database and of the Temporal client
 */
export async function createBatch(context: CreateContext, request: NewBatch): Promise<string> {
  const { database, logger } = context;
  const { batch, caller } = request;
  const id = `batch_${randomBytes(16).toString('hex')}`;
  try {
    await insertRows(context, id, request);
  } catch (error) {
    // A database that breaks off may have stored them all the same, and a repeat may have started them since.
    const stands = await removeUnaccepted(database, id)
      .then(() => database.batch.count({ where: { id } }))
      .catch((failure: unknown) => {
        logger.warn('batch.remove.failed', { batchId: id, error: failure });
        return 1;
      });
    if (stands === 0) await discardBatch(context, batch);
    throw error;
  }
  const { options, priority } = batch;
  const start = { ...options, id, tenant: caller.tenant, run: 1, webhook: batch.webhook !== null, priority };
  const what = startableBatch(context, start, batch);
  await startOnce(context, what);
  await what.accept();
  return id;
}

async function insertRows(context: CreateContext, id: string, request: NewBatch): Promise<void> {
  const { config, database } = context;
  const { batch, caller, idempotency, requestId } = request;
  const { metadata, options, priority, sealed: isSealed, webhook } = batch;
  const all = batch.items.flatMap((item) => pagesOf(context, item));
  if (all.length > config.MAX_BATCH_ITEMS) {
    const message = `Batches must not exceed ${config.MAX_BATCH_ITEMS} items (MAX_BATCH_ITEMS), pages among them.`;
    throw new KtpflowError('invalid_value', message, { param: 'items' });
  }
  const sealed: { metadata: typeof metadata; webhook?: SealedWebhook } = { metadata, ...(webhook && { webhook }) };
  const now = new Date();
  const shared = {
    tenant: caller.tenant,
    options: storedBatchOptions(options, batch.webhook !== null, priority),
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
      sealed: isSealed,
      ...idempotency,
    },
  });
  const access = accessLogRow({ caller, action: 'batch.create', subject: id, requestId });
  await database.$transaction([row, database.accessLogEntry.create({ data: access })]);
  const documents = documentsOf(batch.items, id);
  if (documents.length > 0) await database.batchDocument.createMany({ data: documents });
  for (let start = 0; start < all.length; start += ROWS_AT_ONCE) {
    const items = all.slice(start, start + ROWS_AT_ONCE);
    await database.extraction.createMany({
      data: itemRows(context, { ...shared, batchId: id, strategy: options.strategy }, items, start),
    });
  }
  // From now on a repeat may start it.
  await database.batch.updateMany({ where: { id }, data: { itemCount: all.length } });
}
