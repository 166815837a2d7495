import type { z } from 'zod';
import type { StoreContext } from '../context.ts';
import { unsupported } from '../extractions/options.ts';
import { checkWebhook, toWebhookTarget, type WebhookTarget, type webhookSchema } from '../intake/webhook-target.ts';

/** The webhook of a batch; the results of many cards do not fit into one. @throws KtpflowError unsupported, blocked_url */
export async function receiveWebhook(
  context: Pick<StoreContext, 'config'>,
  given: z.infer<typeof webhookSchema> | null | undefined,
): Promise<WebhookTarget | null> {
  const target = toWebhookTarget(given);
  if (target?.includeResult) throw unsupported('webhook.include_result', 'Results in the webhook of a batch');
  await checkWebhook(context, target, 'webhook');
  return target;
}
