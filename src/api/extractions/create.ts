import { randomBytes } from 'node:crypto';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { SealedWebhook } from '../../storage/webhook-deliveries.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { discardImage, type RecordKey, type StoredImage } from '../intake/image-upload.ts';
import { startOnce } from '../intake/start-once.ts';
import type { ExtractionOptions } from './options.ts';
import { type StartContext, startableExtraction, storedStart } from './start.ts';
import { storedOptions } from './stored-options.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What creating an extraction touches. */
export type CreateContext = StartContext & Pick<RouteContext, 'closing' | 'config' | 'metrics'>;

/** What the caller wrote about the card, as it is sealed in the row. */
interface SealedRequest {
  readonly reference_id: string | null;
  readonly metadata: Record<string, string> | null;
  readonly webhook?: SealedWebhook;
}

export interface NewExtraction {
  readonly caller: Caller;
  readonly requestId: string;
  readonly key: RecordKey;
  readonly image: StoredImage;
  readonly options: ExtractionOptions;
  /** HMAC of what was asked for, see {@link requestHash}. */
  readonly requestHash: string;
  /** From the Idempotency-Key, where there is one. */
  readonly idempotencyHash: string | undefined;
}

/**
 * Row first, then the workflow, under an id made from the row: whatever dies in between, no acknowledged extraction is
 * without its run (see start-once.ts). It is still to be marked as accepted.
 * @returns the extraction's id @throws errors of the database and of the Temporal client
 */
export async function createExtraction(context: CreateContext, request: NewExtraction): Promise<string> {
  const id = `ext_${randomBytes(16).toString('hex')}`;
  await insertRow(context, id, request);
  const { caller, image, options, requestHash } = request;
  const start = { ...options, id, tenant: caller.tenant, requestHash, image, webhook: options.webhook !== null };
  await startOnce(context, startableExtraction(context, start));
  context.metrics.extractionStarted();
  return id;
}

/**
 * The extraction that was made under the same Idempotency-Key, or a new one.
 * @throws KtpflowError idempotency_mismatch, and as createExtraction
 */
export function createExtractionOnce(context: CreateContext, request: NewExtraction): Promise<string> {
  const { idempotencyHash, image, requestHash } = request;
  const create = () => createExtraction(context, request);
  if (idempotencyHash === undefined) return create();
  const find = () => findRepeated(context, { idempotencyHash, requestHash });
  return createOrRepeat({ find, create, discard: () => discardImage(context, image.blob) });
}

async function insertRow(context: CreateContext, id: string, request: NewExtraction): Promise<void> {
  const { caller, image, key, requestId, options } = request;
  const { config, database, keyring } = context;
  const { metadata, referenceId, webhook } = options;
  const sealed: SealedRequest = { reference_id: referenceId, metadata, ...(webhook && { webhook }) };
  const row = database.extraction.create({
    data: {
      id,
      tenant: caller.tenant,
      strategy: options.strategy,
      options: storedOptions(options, webhook !== null),
      wrappedKey: key.wrappedKey,
      sealedRequest: sealJson(key.dataKey, sealed, requestContext(id)),
      referenceHash:
        options.referenceId === null ? null : keyring.hmac('reference id', caller.tenant, options.referenceId),
      blob: image.blob,
      requestHash: request.requestHash,
      idempotencyHash: request.idempotencyHash ?? null,
      expiresAt: new Date(Date.now() + config.RETENTION_DAYS * DAY_MS),
    },
  });
  const access = accessLogRow({ caller, action: 'extraction.create', subject: id, requestId });
  try {
    await database.$transaction([row, database.accessLogEntry.create({ data: access })]);
  } catch (error) {
    // A database that breaks off may have stored the row all the same; what no row names is removed in the end.
    const stands = await database.extraction.count({ where: { id } }).catch(() => 1);
    if (stands === 0) await discardImage(context, image.blob);
    throw error;
  }
}

/**
 * The extraction under the key, started; undefined: there is none. Its first request may have died between the row and
 * the start, or may be about to fail: so a repeat takes every step itself before it says that there is one.
 */
export async function findRepeated(context: CreateContext, asked: Idempotency): Promise<string | undefined> {
  const { database } = context;
  const { idempotencyHash } = asked;
  // One that is past its expiry frees its key.
  await database.extraction.deleteMany({ where: { idempotencyHash, expiresAt: { lte: new Date() } } });
  const row = await database.extraction.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  if (row.acceptedAt === null && row.blob !== null && row.status === 'queued') {
    const start = storedStart({ ...row, blob: row.blob });
    const what = startableExtraction(context, { ...start, requestHash: asked.requestHash });
    await startOnce(context, what);
    await what.accept();
  }
  return row.id;
}
