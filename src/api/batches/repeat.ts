import type { RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { createBatch, type NewBatch } from './create.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';

/** Writing the rows of twenty thousand items takes a few seconds. */
const ABANDONED_AFTER_MS = 60_000;

/** A repeat under the same Idempotency-Key is the batch that is there already. */
export function createOrRepeatBatch(context: RouteContext, request: NewBatch): Promise<string> {
  const { batch, idempotency } = request;
  const create = () => createBatch(context, request);
  if (!idempotency) return create();
  const find = () => findRepeated(context, idempotency);
  return createOrRepeat({ find, create, discard: () => discardBatch(context, batch) });
}

/**
 * One whose first request died before the batch was accepted may lack items: it is put away, and its key is free.
 * @throws KtpflowError idempotency_mismatch
 */
async function findRepeated({ database }: RouteContext, asked: Idempotency): Promise<string | undefined> {
  const { idempotencyHash } = asked;
  const before = new Date(Date.now() - ABANDONED_AFTER_MS);
  await database.batch.deleteMany({
    where: {
      idempotencyHash,
      OR: [{ expiresAt: { lte: new Date() } }, { acceptedAt: null, status: 'validating', createdAt: { lt: before } }],
    },
  });
  const row = await database.batch.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  return row.id;
}

/** What a batch is known by when it is handed in again. */
export function batchPayload({ items, metadata, options, source, webhook }: ReceivedBatch): unknown {
  const known = items.map((item) => [
    item.name,
    item.customId,
    item.metadata,
    item.sha256 ?? item.imageUrl ?? item.entry?.crc32 ?? item.refusal?.code ?? null,
  ]);
  return [source, options, metadata, known, webhook];
}
