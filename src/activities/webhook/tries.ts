import type { WebhookDelivery } from '../../storage/generated/client.ts';
import type { DeliveryAttempt } from '../../storage/webhook-deliveries.ts';

/** What came of the tries of a delivery so far, those before a redelivery among them. */
export function triesOf(row: Pick<WebhookDelivery, 'attempts'> | null): readonly DeliveryAttempt[] {
  // What we wrote ourselves has the shape that we gave it.
  return (row?.attempts ?? []) as unknown as readonly DeliveryAttempt[];
}
