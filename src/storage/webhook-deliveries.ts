import { deliveryContext } from '../encryption/contexts.ts';
import { type Keyring, sealJson, unsealJson } from '../encryption/keyring.ts';
import type { Database } from './database.ts';
import type { WebhookDelivery } from './generated/client.ts';

/** Everything that a webhook is told of. */
export const WEBHOOK_EVENTS = [
  'extraction.finished',
  'extraction.needs_review',
  'batch.finished',
  'chat.finished',
  'response.finished',
] as const;

/** A webhook as it lies sealed in the row of its extraction, batch or answer. */
export interface SealedWebhook {
  readonly url: string;
  readonly includeResult: boolean;
}

/** What is sent, as Standard Webhooks recommends it; ids and status only. */
export interface WebhookBody {
  readonly type: (typeof WEBHOOK_EVENTS)[number];
  /** ISO 8601, of the end. */
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly object: string;
    readonly status: string;
    readonly [key: string]: unknown;
  };
}

/** What came of a try. */
export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly status_code: number | null;
  /** Why there was no answer. */
  readonly error: string | null;
  readonly duration_ms: number;
}

/** What is told, and to whom. */
export interface Told {
  readonly tenant: string;
  readonly target: SealedWebhook;
  readonly body: WebhookBody;
  readonly expiresAt: Date;
}

export interface NewDelivery extends Told {
  readonly id: string;
  readonly subject: string;
}

/** Writes the row of a delivery; one that is there already stays as it is. */
export async function insertDelivery(database: Database, keyring: Keyring, delivery: NewDelivery): Promise<void> {
  const { body, expiresAt, id, subject, target, tenant } = delivery;
  const key = keyring.createDataKey();
  const row = {
    id,
    tenant,
    event: body.type,
    subject,
    includeResult: target.includeResult,
    wrappedKey: key.wrappedKey,
    sealedRequest: sealJson(key.dataKey, { url: target.url, body }, deliveryContext(id)),
    expiresAt,
  };
  await database.webhookDelivery.createMany({ data: [row], skipDuplicates: true });
}

/** Where to and what. What we sealed ourselves has the shape that we gave it. */
export function openDeliveryRow(keyring: Keyring, row: WebhookDelivery): { url: string; body: WebhookBody } {
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  return unsealJson(dataKey, row.sealedRequest, deliveryContext(row.id)) as { url: string; body: WebhookBody };
}

/** Notes what came of a try, and the end that it may have been. */
export async function noteAttempt(
  database: Database,
  id: string,
  attempt: DeliveryAttempt,
  end: 'delivered' | 'failed' | null,
): Promise<void> {
  await database.$executeRaw`
    UPDATE webhook_deliveries SET attempts = attempts || ${JSON.stringify([attempt])}::jsonb WHERE id = ${id}`;
  if (end) await endDelivery(database, id, end);
}

export async function endDelivery(database: Database, id: string, status: 'delivered' | 'failed'): Promise<void> {
  const open = { id, status: 'pending' };
  await database.webhookDelivery.updateMany({ where: open, data: { status, finishedAt: new Date() } });
}
