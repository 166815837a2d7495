import { ApplicationFailure, Context } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import type { WebhookActivities } from '../../contract/webhook.ts';
import { resultContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { type PostOutcome, postGuarded } from '../../media/post-guarded.ts';
import type { WebhookDelivery } from '../../storage/generated/client.ts';
import { noteAttempt, openDeliveryRow, type WebhookBody } from '../../storage/webhook-deliveries.ts';
import { answerResult } from './answer-event.ts';
import type { WebhookDependencies } from './dependencies.ts';

/** Between two tries: about 17 hours in all. */
const PAUSES_SECONDS = [5, 30, 2 * 60, 10 * 60, 60 * 60, 4 * 60 * 60, 12 * 60 * 60];
const TIMEOUT_MS = 10_000;
/** A receiver may ask for a longer pause, up to this. */
const MAX_RETRY_AFTER_SECONDS = 60 * 60;
/** The receiver wants no more of it. */
const GONE = 410;

/**
 * Sends a delivery once, signed by the Standard Webhooks scheme with every secret that there is, and notes what came of
 * it. Whatever is not 2xx fails, and Temporal tries again after a pause that grows.
 */
export function createSendDelivery(dependencies: WebhookDependencies): WebhookActivities['sendDelivery'] {
  const { config, database, keyring, pausesSeconds = PAUSES_SECONDS, timeoutMs = TIMEOUT_MS } = dependencies;
  const guard = dependencies.guard ?? { allowPrivate: config.ALLOW_PRIVATE_URLS };
  const signers = config.WEBHOOK_SECRET.map((secret) => new Webhook(secret));
  return async ({ deliveryId }) => {
    const row = await database.webhookDelivery.findUnique({ where: { id: deliveryId } });
    if (row?.status !== 'pending') return;
    const pause = pausesSeconds[Context.current().info.attempt - 1] ?? 0;
    // Nothing goes out unsigned: the secret may come back with the next start.
    if (signers.length === 0) throw refused(pause);
    const { url, body } = openDeliveryRow(keyring, row);
    const text = JSON.stringify(row.includeResult ? await withResult(dependencies, row, body) : body);
    const at = new Date();
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'ktpflow',
      'webhook-id': row.id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signers.map((signer) => signer.sign(row.id, at, text)).join(' '),
    };
    const outcome = await postGuarded(url, { ...guard, headers, body: text, timeoutMs });
    const attempt = {
      at: at.toISOString(),
      status_code: outcome.status,
      error: outcome.status === null ? outcome.error : null,
      duration_ms: Date.now() - at.getTime(),
    };
    const delivered = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
    await noteAttempt(database, row.id, attempt, delivered ? 'delivered' : outcome.status === GONE ? 'failed' : null);
    if (delivered) return;
    if (outcome.status === GONE) throw ApplicationFailure.nonRetryable(REFUSED, 'webhook_gone');
    throw refused(Math.max(pause, retryAfterSeconds(outcome)));
  };
}

const REFUSED = 'The webhook was not taken.';

function refused(pauseSeconds: number): ApplicationFailure {
  return ApplicationFailure.create({ message: REFUSED, type: 'webhook_refused', nextRetryDelay: pauseSeconds * 1000 });
}

function retryAfterSeconds(outcome: PostOutcome): number {
  const asked = outcome.status === null ? null : outcome.retryAfter;
  return asked !== null && /^\d{1,9}$/.test(asked) ? Math.min(Number(asked), MAX_RETRY_AFTER_SECONDS) : 0;
}

/** The result, where the caller has asked for it; who was sent it stands in the access log. */
async function withResult(
  dependencies: WebhookDependencies,
  { subject, tenant }: WebhookDelivery,
  body: WebhookBody,
): Promise<WebhookBody> {
  const { object } = body.data;
  const isCard = object === 'ktp.extraction';
  const result = isCard ? await cardResult(dependencies, subject) : await answerResult(dependencies, subject, object);
  if (result !== null) {
    const entry = { tenant, actor: 'system', action: 'webhook.send', subject };
    await dependencies.database.accessLogEntry.create({ data: entry });
  }
  return { ...body, data: { ...body.data, result } };
}

async function cardResult({ database, keyring }: WebhookDependencies, id: string): Promise<unknown> {
  const row = await database.extraction.findUnique({ where: { id }, select: { sealedResult: true, wrappedKey: true } });
  if (!row?.sealedResult) return null;
  return unsealJson(keyring.unwrapDataKey(row.wrappedKey), row.sealedResult, resultContext(id));
}
