import type { RouteContext } from '../context.ts';
import { checkSameRequest, type Idempotency, isRepeatedKey } from '../idempotency.ts';
import { createBatch, type NewBatch } from './create.ts';
import { discardBatch, type ReceivedBatch } from './receive.ts';

/** Writing the rows of twenty thousand items takes a few seconds. */
const ABANDONED_AFTER_MS = 60_000;

/** A repeat under the same Idempotency-Key is the batch that is there already. */
export async function createOrRepeatBatch(context: RouteContext, request: NewBatch): Promise<string> {
  const { batch, idempotency } = request;
  if (!idempotency) return createBatch(context, request);
  const repeated = async (): Promise<string | undefined> => {
    try {
      return await findRepeated(context, idempotency);
    } catch (error) {
      await discardBatch(context, batch);
      throw error;
    }
  };
  const first = await repeated();
  if (first !== undefined) {
    await discardBatch(context, batch);
    return first;
  }
  try {
    return await createBatch(context, request);
  } catch (error) {
    const other = isRepeatedKey(error) ? await repeated() : undefined;
    if (other === undefined) throw error;
    return other;
  }
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
export function batchPayload({ items, metadata, options, source }: ReceivedBatch): unknown {
  const known = items.map((item) => [
    item.name,
    item.customId,
    item.metadata,
    item.sha256 ?? item.imageUrl ?? item.entry?.crc32 ?? item.refusal?.code ?? null,
  ]);
  return [source, options, metadata, known];
}
