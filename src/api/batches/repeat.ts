import { setTimeout as sleep } from 'node:timers/promises';
import { KtpflowError } from '../../errors.ts';
import type { RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { startOnce } from '../intake/start-once.ts';
import { createBatch, type NewBatch } from './create.ts';
import { isKept } from './find-batch.ts';
import { discardBatch } from './receive.ts';
import type { ReceivedBatch } from './received-batch.ts';
import { optionsOf } from './render-batch.ts';
import { type StartContext, startableBatch } from './start.ts';

/** Writing the rows of twenty thousand items takes a few seconds. */
const WRITTEN_WITHIN_MS = 15_000;
const ABANDONED_AFTER_MS = 60_000;
const LOOK_AGAIN_MS = 100;

type RepeatContext = StartContext & Pick<RouteContext, 'closing'>;

/** A repeat under the same Idempotency-Key is the batch that is there already. */
export function createOrRepeatBatch(context: RepeatContext, request: NewBatch): Promise<string> {
  const { batch, idempotency } = request;
  const create = () => createBatch(context, request);
  if (!idempotency) return create();
  const find = () => findRepeated(context, idempotency);
  return createOrRepeat({ find, create, discard: () => discardBatch(context, batch) });
}

/**
 * The batch under the key, started; undefined: there is none. Its first request may have died before the start, or may
 * be about to fail: so a repeat takes every step itself before it says that there is one. Rows that are still being
 * written are waited for.
 * @throws KtpflowError idempotency_mismatch; database_unavailable while the rows are not all there; errors of the
 * Temporal client
 */
async function findRepeated(context: RepeatContext, asked: Idempotency): Promise<string | undefined> {
  const { database } = context;
  const { idempotencyHash } = asked;
  for (const deadline = Date.now() + WRITTEN_WITHIN_MS; ; await sleep(LOOK_AGAIN_MS)) {
    await removeAbandoned(context, idempotencyHash);
    const row = await database.batch.findUnique({ where: { idempotencyHash } });
    if (!row) return undefined;
    checkSameRequest(row, asked);
    if (row.acceptedAt !== null) return row.id;
    if (row.itemCount !== null) {
      const start = { ...optionsOf(row), id: row.id, tenant: row.tenant, run: row.run };
      const what = startableBatch(context, start, null);
      await startOnce(context, what);
      await what.accept();
      return row.id;
    }
    if (Date.now() > deadline) {
      throw new KtpflowError('database_unavailable', 'The first request with this Idempotency-Key is still stored.');
    }
  }
}

/** Expired ones free their key, and so do those whose first request died before all rows were written. */
async function removeAbandoned({ database }: Pick<RepeatContext, 'database'>, idempotencyHash: string): Promise<void> {
  const before = new Date(Date.now() - ABANDONED_AFTER_MS);
  await database.batch.deleteMany({
    where: {
      idempotencyHash,
      OR: [{ NOT: isKept() }, { acceptedAt: null, itemCount: null, createdAt: { lt: before } }],
    },
  });
}

/** What a batch is known by when it is handed in again. */
export function batchPayload({ items, metadata, options, priority, sealed, source, webhook }: ReceivedBatch): unknown {
  const known = items.map((item) => [
    item.name,
    item.customId,
    item.metadata,
    item.sha256 ?? item.imageUrl ?? item.entry?.crc32 ?? item.refusal?.code ?? null,
  ]);
  // Requests of the version before had neither.
  const later = priority === 'normal' && sealed ? [] : [priority, sealed];
  return [source, options, metadata, known, webhook, ...later];
}
