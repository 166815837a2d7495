import type { WebhookActivities, WebhookInput } from '../../contract/webhook.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { countItems } from '../../storage/batches.ts';
import { insertDelivery, type SealedWebhook, type Told, type WebhookBody } from '../../storage/webhook-deliveries.ts';
import { tellAnswer } from './answer-event.ts';
import type { WebhookDependencies } from './dependencies.ts';
import { triesOf } from './tries.ts';

const FINAL = new Set(['succeeded', 'completed', 'failed', 'cancelled']);

interface Subject {
  readonly id: string;
  readonly tenant: string;
  readonly status: string;
  readonly errorCode: string | null;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date;
  readonly wrappedKey: Uint8Array;
  readonly sealedRequest: Uint8Array | null;
}

/** Writes what is to be told of its subject, as it is now: a batch may be retried while it is being told. */
export function createOpenDelivery(dependencies: WebhookDependencies): WebhookActivities['openDelivery'] {
  const { database, keyring } = dependencies;
  const bodyOf = async (kind: WebhookInput['kind'], row: Subject): Promise<WebhookBody> => {
    const timestamp = (row.finishedAt ?? new Date()).toISOString();
    const { id, status } = row;
    const error = row.errorCode === null ? {} : { error: { code: row.errorCode } };
    if (kind === 'review') {
      return { type: 'extraction.needs_review', timestamp, data: { id, object: 'ktp.extraction', status } };
    }
    if (kind === 'extraction') {
      return { type: 'extraction.finished', timestamp, data: { id, object: 'ktp.extraction', status, ...error } };
    }
    const {
      total = 0,
      needsReview = 0,
      succeeded = 0,
      failed = 0,
      cancelled = 0,
    } = (await countItems(database, [id])).get(id) ?? {};
    const waiting = needsReview > 0 && { needs_review: needsReview };
    const counts = { total, ...waiting, succeeded, failed, cancelled };
    return { type: 'batch.finished', timestamp, data: { id, object: 'ktp.batch', status, counts, ...error } };
  };

  const tellJob = async (kind: WebhookInput['kind'], subject: string): Promise<Told | null> => {
    const row: Subject | null =
      kind !== 'batch'
        ? await database.extraction.findUnique({ where: { id: subject } })
        : await database.batch.findUnique({ where: { id: subject } });
    // Deleted meanwhile.
    if (!row?.sealedRequest) return null;
    // What we sealed ourselves has the shape that we gave it.
    const request = unsealJson(keyring.unwrapDataKey(row.wrappedKey), row.sealedRequest, requestContext(subject)) as {
      webhook?: SealedWebhook;
    };
    if (!request.webhook) return null;
    if (kind === 'review') {
      // Decided meanwhile: its end is told of.
      if (row.status !== 'needs_review') return null;
    } else if (!FINAL.has(row.status)) {
      throw new KtpflowError('internal', 'There is no outcome to tell of yet.', { retryable: true });
    }
    const { expiresAt, tenant } = row;
    return { tenant, target: request.webhook, body: await bodyOf(kind, row), expiresAt };
  };

  return async ({ deliveryId, kind, subject }) => {
    // A redelivery, or an attempt whose answer was lost.
    const where = { id: deliveryId };
    const { count } = await database.webhookDelivery.updateMany({
      where,
      data: { status: 'pending', finishedAt: null },
    });
    if (count > 0) return { triedBefore: triesOf(await database.webhookDelivery.findUnique({ where })).length };
    const isAnswer = kind === 'chat' || kind === 'response';
    const told = isAnswer ? await tellAnswer(dependencies, kind, subject) : await tellJob(kind, subject);
    if (!told) return false;
    await insertDelivery(database, keyring, { id: deliveryId, subject, ...told });
    return { triedBefore: 0 };
  };
}
