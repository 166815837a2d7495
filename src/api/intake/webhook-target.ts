import { z } from 'zod';
import type { WebhookInput } from '../../contract/webhook.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { checkTarget } from '../../media/post-guarded.ts';
import type { StoreContext } from '../context.ts';

const MAX_URL_LENGTH = 2048;
const ID_DIGITS = 32;

/** Where to send what has become of an extraction, a batch or an answer. */
export const webhookSchema = z
  .strictObject({
    url: z.string().min(1).max(MAX_URL_LENGTH).describe('http(s) URL of a public address.'),
    include_result: z
      .boolean()
      .nullish()
      .describe('Not of batches: send the result along, which is personal data. Default: id and status only.'),
  })
  .meta({ id: 'WebhookTarget' });

export interface WebhookTarget {
  readonly url: string;
  readonly includeResult: boolean;
}

export function toWebhookTarget(given: z.infer<typeof webhookSchema> | null | undefined): WebhookTarget | null {
  return given ? { url: given.url, includeResult: given.include_result ?? false } : null;
}

/**
 * Checks a target before anything is stored.
 * @param param path of the field that holds the webhook
 * @throws KtpflowError unsupported where the server has no secret to sign with, blocked_url
 */
export async function checkWebhook(
  { config }: Pick<StoreContext, 'config'>,
  target: WebhookTarget | null,
  param: string,
): Promise<void> {
  if (!target) return;
  if (config.WEBHOOK_SECRET.length === 0) {
    throw new KtpflowError('unsupported', 'This server sends no webhooks: it has no WEBHOOK_SECRET.', { param });
  }
  try {
    await checkTarget(target.url, { allowPrivate: config.ALLOW_PRIVATE_URLS });
  } catch (error) {
    if (!(error instanceof KtpflowError)) throw error;
    throw new KtpflowError(error.code, error.message, { param: `${param}.url` });
  }
}

/** Input of the delivery of one run of a subject: the same for everybody who starts that run. */
export function webhookInput(keyring: Keyring, kind: WebhookInput['kind'], subject: string, run: number): WebhookInput {
  const deliveryId = `whd_${keyring.hmac('webhook', subject, String(run)).slice(0, ID_DIGITS)}`;
  return { deliveryId, kind, subject };
}
