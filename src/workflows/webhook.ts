import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import { BATCH_PRIORITY, FETCH_TASK_QUEUE } from '../contract/task-queues.ts';
import { type WebhookActivities, type WebhookInput, webhookWorkflowId } from '../contract/webhook.ts';
import { startApart } from './start-apart.ts';

const { openDelivery, closeDelivery } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '1 minute',
  // A database that is down comes back; the delivery waits for it.
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

const { sendDelivery } = proxyActivities<WebhookActivities>({
  taskQueue: FETCH_TASK_QUEUE,
  // Longer than the receiver has for its answer.
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '2 days',
  // The activity counts its tries, and says by itself how long the next one waits. A database that is down is none.
  retry: { initialInterval: '5 seconds', maximumInterval: '1 minute' },
});

/** Tells a webhook of one event: at least once, or given up and said so in the delivery's row. */
export async function webhookWorkflow(input: WebhookInput): Promise<void> {
  const opened = await openDelivery(input);
  if (!opened) return;
  const { deliveryId } = input;
  try {
    await sendDelivery({ deliveryId, ...(opened !== true && opened) });
  } catch {
    await CancellationScope.nonCancellable(() => closeDelivery({ deliveryId }));
  }
}

/**
 * Starts the delivery of what has become of a workflow's subject, once it is stored, in a workflow of its own: the
 * subject is done, however long its receiver is away.
 */
export async function startWebhook(input: WebhookInput | undefined): Promise<void> {
  if (!input) return;
  await startApart(webhookWorkflow, input, {
    workflowId: webhookWorkflowId(input.deliveryId),
    priority: { priorityKey: BATCH_PRIORITY },
  });
}
