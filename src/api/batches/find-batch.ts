import { KtpflowError } from '../../errors.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import type { Batch, Prisma } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';

/** Of batches that are still there for their callers: one that is being read does not expire. */
export function isKept(): Prisma.BatchWhereInput {
  return { OR: [{ expiresAt: { gt: new Date() } }, { status: { in: [...OPEN_BATCH_STATUSES] } }] };
}

/** The tenant's row. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findBatch(
  { database }: Pick<ApiContext, 'database'>,
  tenant: string,
  id: string,
): Promise<Batch> {
  const row = await database.batch.findFirst({ where: { id, tenant, ...isKept() } });
  if (!row) throw new KtpflowError('not_found', 'There is no such batch.');
  return row;
}
