import { batchGrownSignal, batchWorkflowId } from '../../contract/batch-workflow.ts';
import { KtpflowError } from '../../errors.ts';
import type { Batch, Prisma } from '../../storage/generated/client.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { ApiContext, RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { isFinalBatch } from './batch-schema.ts';
import { ignoreMissing } from './control.ts';
import { documentsOf, itemRows, ROWS_AT_ONCE, storedBatchOptions } from './item-rows.ts';
import { pagesOf } from './new-item.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { optionsOf } from './render-batch.ts';

const DEADLINE_MS = 5_000;
/** Ten thousand rows take a few seconds. */
const INSERT_MS = 60_000;

type AddContext = Pick<RouteContext, 'blobs' | 'config' | 'database' | 'keyring' | 'logger' | 'temporal'>;

export interface Addition {
  readonly caller: Caller;
  readonly requestId: string;
  readonly received: ReceivedBatch;
  readonly idempotency: Idempotency | undefined;
}

/**
 * Adds items to a batch that is not sealed; they follow those that there are. Rows first, then the workflow is told:
 * what dies in between is told of by the next addition, by a repeat under the same key, and by sealing.
 * @throws KtpflowError batch_sealed, invalid_value for too many, idempotency_mismatch; errors of the Temporal client
 */
export async function addItems(context: AddContext, row: Batch, addition: Addition): Promise<void> {
  const { idempotency, received } = addition;
  const create = async (): Promise<string> => {
    try {
      await insert(context, row, addition);
    } catch (error) {
      await discardBatch(context, received);
      throw error;
    }
    return row.id;
  };
  if (idempotency) {
    const find = () => findAddition(context, idempotency);
    await createOrRepeat({ find, create, discard: () => discardBatch(context, received) });
  } else {
    await create();
  }
  await tellGrown(context, row.id);
}

/** No more items: the batch ends with those that there are. Sealing again tells the workflow again. */
export async function sealBatch(context: Pick<ApiContext, 'database' | 'temporal'>, row: Batch): Promise<void> {
  await context.database.batch.updateMany({ where: { id: row.id, sealed: false }, data: { sealed: true } });
  if (!isFinalBatch(row.status)) await tellGrown(context, row.id);
}

async function tellGrown({ temporal }: Pick<ApiContext, 'temporal'>, batchId: string): Promise<void> {
  const handle = temporal.workflow.getHandle(batchWorkflowId(batchId));
  await temporal.withDeadline(Date.now() + DEADLINE_MS, () => ignoreMissing(handle.signal(batchGrownSignal)));
}

async function findAddition({ database }: AddContext, asked: Idempotency): Promise<string | undefined> {
  const { idempotencyHash } = asked;
  const row = await database.batchAddition.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  return row.batchId;
}

async function insert(context: AddContext, row: Batch, addition: Addition): Promise<void> {
  const { config, database } = context;
  const { caller, idempotency, requestId, received } = addition;
  const items = received.items.flatMap((item) => pagesOf(context, item));
  const options = optionsOf(row);
  const shared = {
    batchId: row.id,
    tenant: row.tenant,
    strategy: options.strategy,
    options: storedBatchOptions(options, options.webhook, options.priority),
    createdAt: new Date(),
    expiresAt: row.expiresAt,
  };
  const access = accessLogRow({ caller, action: 'batch.add', subject: row.id, requestId });
  await database.$transaction(
    async (transaction) => {
      // The row stays locked until the items are there: no later ones are listed before them.
      const [grown] = await transaction.$queryRaw<{ items: number }[]>`
        UPDATE batches SET item_count = item_count + ${items.length}, changes = changes + 1
        WHERE id = ${row.id} AND NOT sealed AND status IN ('validating', 'running', 'paused')
          AND item_count + ${items.length} <= ${config.MAX_BATCH_ITEMS}
        RETURNING item_count AS items`;
      if (!grown) throw await refusal(transaction, row.id, config.MAX_BATCH_ITEMS);
      const first = grown.items - items.length;
      for (let start = 0; start < items.length; start += ROWS_AT_ONCE) {
        const some = items.slice(start, start + ROWS_AT_ONCE);
        await transaction.extraction.createMany({ data: itemRows(context, shared, some, first + start) });
      }
      await transaction.batchDocument.createMany({ data: documentsOf(received.items, row.id) });
      if (idempotency) await transaction.batchAddition.create({ data: { ...idempotency, batchId: row.id } });
      await transaction.accessLogEntry.create({ data: access });
    },
    { timeout: INSERT_MS },
  );
}

/** @param transaction the one that is open: another connection would wait for it */
async function refusal(transaction: Prisma.TransactionClient, id: string, most: number): Promise<KtpflowError> {
  const row = await transaction.batch.findUnique({ where: { id }, select: { sealed: true, status: true } });
  if (!row) return new KtpflowError('not_found', 'There is no such batch.');
  if (row.sealed || row.status === 'cancelling' || isFinalBatch(row.status)) {
    return new KtpflowError('batch_sealed', 'The batch takes no more items: hand in another one.');
  }
  const message = `Batches must not exceed ${most} items (MAX_BATCH_ITEMS).`;
  return new KtpflowError('invalid_value', message, { param: 'items' });
}
