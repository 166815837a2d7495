import { z } from 'zod';
import type { WebhookDelivery } from '../../storage/generated/client.ts';
import { openDeliveryRow, WEBHOOK_EVENTS } from '../../storage/webhook-deliveries.ts';
import type { ApiContext } from '../context.ts';

const attemptSchema = z.object({
  at: z.iso.datetime(),
  status_code: z.number().nullable().describe('null: there was no answer.'),
  error: z.string().nullable().describe('blocked_url, timeout, tls_failed or connection_failed.'),
  duration_ms: z.number(),
});

const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

export const deliverySchema = z
  .object({
    id: z.string().describe('The webhook-id, the same at every try.'),
    object: z.literal('webhook.delivery'),
    event: z.enum(WEBHOOK_EVENTS),
    subject: z.string().describe('Id of the extraction, batch, completion or response.'),
    url: z.string(),
    include_result: z.boolean(),
    status: z.enum(DELIVERY_STATUSES).describe('failed: given up, after eight tries or a 410.'),
    attempts: z.array(attemptSchema),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

export function renderDelivery(
  { keyring }: Pick<ApiContext, 'keyring'>,
  row: WebhookDelivery,
): z.infer<typeof deliverySchema> {
  const { body, url } = openDeliveryRow(keyring, row);
  return {
    id: row.id,
    object: 'webhook.delivery',
    event: z.enum(WEBHOOK_EVENTS).parse(row.event),
    subject: body.data.id,
    url,
    include_result: row.includeResult,
    status: z.enum(DELIVERY_STATUSES).parse(row.status),
    attempts: z.array(attemptSchema).parse(row.attempts),
    created_at: row.createdAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}
