import { KtpflowError } from '../../errors.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';

/** The tenant's row. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findBatch(
  { database }: Pick<ApiContext, 'database'>,
  tenant: string,
  id: string,
): Promise<Batch> {
  const row = await database.batch.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
  if (!row) throw new KtpflowError('not_found', 'There is no such batch.');
  return row;
}
