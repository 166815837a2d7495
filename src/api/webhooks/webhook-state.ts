import { z } from 'zod';
import type { Database } from '../../storage/database.ts';

/** What has become of the telling, as a job or batch shows it. */
export const webhookStateSchema = z
  .object({
    status: z.enum(['pending', 'delivered', 'failed']).describe('failed: given up.'),
    tries: z.number().int(),
  })
  .nullable()
  .describe('The newest delivery to the webhook; null where none was asked for.');
export type WebhookState = z.infer<typeof webhookStateSchema>;

const askedSchema = z.object({ webhook: z.literal(true) });
const attemptsSchema = z.array(z.unknown());

/** States of the webhooks of rows that have one, by the rows' ids. */
export async function webhookStates(
  database: Database,
  rows: readonly { readonly id: string; readonly options: unknown }[],
): Promise<ReadonlyMap<string, WebhookState>> {
  const ids = rows.filter(({ options }) => askedSchema.safeParse(options).success).map(({ id }) => id);
  const states = new Map<string, WebhookState>(ids.map((id) => [id, { status: 'pending', tries: 0 }]));
  if (ids.length === 0) return states;
  const deliveries = await database.webhookDelivery.findMany({
    where: { subject: { in: ids } },
    orderBy: { createdAt: 'asc' },
    select: { subject: true, status: true, attempts: true },
  });
  for (const { attempts, status, subject } of deliveries) {
    const tries = attemptsSchema.parse(attempts).length;
    states.set(subject, { status: z.enum(['pending', 'delivered', 'failed']).parse(status), tries });
  }
  return states;
}
