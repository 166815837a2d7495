import { ApplicationFailure, Context } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { MAX_WEBHOOK_TRIES, type WebhookActivities } from '../../contract/webhook.ts';
import { resultContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { type PostOutcome, postGuarded } from '../../media/post-guarded.ts';
import type { WebhookDelivery } from '../../storage/generated/client.ts';
import {
  type DeliveryAttempt,
  endDelivery,
  noteAttempt,
  openDeliveryRow,
  type WebhookBody,
} from '../../storage/webhook-deliveries.ts';
import { answerResult } from './answer-event.ts';
import type { WebhookDependencies } from './dependencies.ts';
import { triesOf } from './tries.ts';

/** Between two tries: about 17 hours in all. */
const PAUSES_SECONDS = [5, 30, 2 * 60, 10 * 60, 60 * 60, 4 * 60 * 60, 12 * 60 * 60];
const TIMEOUT_MS = 10_000;
/** A receiver may ask for a longer pause, up to this. */
const MAX_RETRY_AFTER_SECONDS = 60 * 60;
/** The receiver wants no more of it. */
const GONE = 410;

/** A try, and for how many seconds at least the receiver wants to be left alone after it. */
interface Tried {
  readonly attempt: DeliveryAttempt;
  readonly retryAfter: number;
}

/**
 * Sends a delivery once, signed by the Standard Webhooks scheme with every secret that there is, and notes what came of
 * it. Whatever is not 2xx fails, and Temporal tries again after a pause that grows. Only what went out counts as a try,
 * and what could not be noted is noted by the next attempt, which sends nothing: the database may be down at any time.
 */
export function createSendDelivery(dependencies: WebhookDependencies): WebhookActivities['sendDelivery'] {
  const { config, database, keyring, pausesSeconds = PAUSES_SECONDS, timeoutMs = TIMEOUT_MS } = dependencies;
  const guard = dependencies.guard ?? { allowPrivate: config.ALLOW_PRIVATE_URLS };
  const signers = config.WEBHOOK_SECRET.map((secret) => new Webhook(secret));

  async function send(row: WebhookDelivery): Promise<Tried> {
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
    const started = performance.now();
    const outcome = await postGuarded(url, { ...guard, headers, body: text, timeoutMs });
    const attempt = {
      at: at.toISOString(),
      status_code: outcome.status,
      error: outcome.status === null ? outcome.error : null,
      duration_ms: Math.round(performance.now() - started),
    };
    return { attempt, retryAfter: retryAfterSeconds(outcome) };
  }

  return async ({ deliveryId, triedBefore }) => {
    const row = await database.webhookDelivery.findUnique({ where: { id: deliveryId } });
    if (row?.status !== 'pending') return;
    const context = Context.current();
    const noted = triesOf(row);
    // Of a workflow that was begun before tries were counted.
    const earlier = triedBefore === undefined ? context.info.attempt - 1 : noted.length - triedBefore;
    const left = leftBehind(context.info.heartbeatDetails, noted);
    // Nothing goes out unsigned: the secret may come back with the next start.
    if (!left && signers.length === 0) throw refused();
    const tried = left ?? (await send(row));
    context.heartbeat(tried);
    const { attempt, retryAfter } = tried;
    const end = endOf(attempt);
    if (!isNoted(attempt, noted)) await noteAttempt(database, row.id, attempt, end);
    else if (end) await endDelivery(database, row.id, end);
    if (end === 'delivered') return;
    if (end === 'failed') throw ApplicationFailure.nonRetryable(REFUSED, 'webhook_gone');
    if (earlier + 1 >= MAX_WEBHOOK_TRIES) throw ApplicationFailure.nonRetryable(REFUSED, 'webhook_refused');
    throw refused(Math.max(pausesSeconds[earlier] ?? 0, retryAfter));
  };
}

/** The try whose outcome the attempt before this one could not store, or not wholly. */
function leftBehind(details: unknown, noted: readonly DeliveryAttempt[]): Tried | undefined {
  // What we have written ourselves has the shape that we gave it.
  const tried = details as Tried | undefined;
  return tried && (endOf(tried.attempt) || !isNoted(tried.attempt, noted)) ? tried : undefined;
}

function isNoted(attempt: DeliveryAttempt, noted: readonly DeliveryAttempt[]): boolean {
  return noted.some(({ at }) => at === attempt.at);
}

function endOf({ status_code: status }: DeliveryAttempt): 'delivered' | 'failed' | null {
  if (status === GONE) return 'failed';
  return status !== null && status >= 200 && status < 300 ? 'delivered' : null;
}

const REFUSED = 'The webhook was not taken.';

/** @param pauseSeconds before the next try; absent: as the activity's policy says */
function refused(pauseSeconds?: number): ApplicationFailure {
  const nextRetryDelay = pauseSeconds === undefined ? {} : { nextRetryDelay: pauseSeconds * 1000 };
  return ApplicationFailure.create({ message: REFUSED, type: 'webhook_refused', ...nextRetryDelay });
}

function retryAfterSeconds(outcome: PostOutcome): number {
  const askedMs = (outcome.status !== null && outcome.retryAfterMs) || 0;
  return Math.min(Math.ceil(askedMs / 1000), MAX_RETRY_AFTER_SECONDS);
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
