import type { WebhookActivities } from '../../contract/webhook.ts';
import { endDelivery } from '../../storage/webhook-deliveries.ts';
import type { WebhookDependencies } from './dependencies.ts';
import { createOpenDelivery } from './open-delivery.ts';
import { createSendDelivery } from './send-delivery.ts';

/** All activities of webhooks, for the role `worker`. */
export function createWebhookActivities(dependencies: WebhookDependencies): WebhookActivities {
  return {
    openDelivery: createOpenDelivery(dependencies),
    sendDelivery: createSendDelivery(dependencies),
    closeDelivery: ({ deliveryId }) => endDelivery(dependencies.database, deliveryId, 'failed'),
  };
}
