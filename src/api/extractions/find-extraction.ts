import { KtpflowError } from '../../errors.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';

/** The tenant's row. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findExtraction(
  { database }: Pick<ApiContext, 'database'>,
  tenant: string,
  id: string,
): Promise<Extraction> {
  // The items of a batch that is being read do not expire before it.
  const inOpenBatch = { batch: { status: { in: [...OPEN_BATCH_STATUSES] } } };
  const row = await database.extraction.findFirst({
    where: { id, tenant, OR: [{ expiresAt: { gt: new Date() } }, inOpenBatch] },
  });
  if (!row) throw new KtpflowError('not_found', 'There is no such extraction.');
  return row;
}
