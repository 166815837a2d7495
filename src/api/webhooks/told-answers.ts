import type { Database } from '../../storage/database.ts';

/** Ids of a session's answers, which deliveries know them by; none: it is unknown or has expired. */
export async function sessionAnswers(database: Database, tenant: string, sessionHash: string): Promise<string[]> {
  const rows = await database.chatGeneration.findMany({
    where: { tenant, sessionHash, OR: [{ outcome: null }, { expiresAt: { gt: new Date() } }] },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Removes what was told of something that is erased. */
export async function forgetDeliveries(database: Database, subjects: readonly string[]): Promise<void> {
  await database.webhookDelivery.deleteMany({ where: { subject: { in: [...subjects] } } });
}
