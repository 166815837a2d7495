import { z } from 'zod';
import type { WebhookInput } from '../../contract/webhook.ts';
import { answerWebhookContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { AnswerWebhook } from '../../storage/chat-sessions.ts';
import type { StoreContext } from '../context.ts';
import { invalidValue } from '../http/errors.ts';
import { checkWebhook, toWebhookTarget, type WebhookTarget, webhookSchema } from '../intake/webhook-target.ts';

/** What a body of chats and responses may hold beside what OpenAI knows. */
export const answerWebhookFields = { webhook: webhookSchema.nullish() };
const bodySchema = z.object(answerWebhookFields);

/** Whom to tell of an answer, and by which event. */
export interface ToldAnswer extends AnswerWebhook {
  readonly kind: Extract<WebhookInput['kind'], 'chat' | 'response'>;
}

/**
 * The webhook of a body, checked before anything is stored; null: there is none.
 * @throws KtpflowError invalid_value, unsupported, blocked_url
 */
export async function receiveAnswerWebhook(
  context: Pick<StoreContext, 'config'>,
  body: unknown,
): Promise<WebhookTarget | null> {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) throw invalidValue(parsed.error);
  const target = toWebhookTarget(parsed.data.webhook);
  await checkWebhook(context, target, 'webhook');
  return target;
}

/** As it lies in the row of the answer. */
export function sealAnswerWebhook(
  dataKey: Uint8Array<ArrayBuffer>,
  generationId: string,
  { includeResult, name, url }: ToldAnswer,
): Uint8Array<ArrayBuffer> {
  const webhook: AnswerWebhook = { url, includeResult, name };
  return sealJson(dataKey, webhook, answerWebhookContext(generationId));
}
