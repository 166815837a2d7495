import { randomBytes } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import {
  EXTRACT_DOCUMENT_WORKFLOW,
  type ExtractDocumentInput,
  extractionWorkflowId,
} from '../../contract/extraction-workflow.ts';
import { STRATEGIES } from '../../contract/strategies.ts';
import { INTERACTIVE_PRIORITY } from '../../contract/task-queues.ts';
import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { SealedWebhook } from '../../storage/webhook-deliveries.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { checkSameRequest, type Idempotency } from '../intake/idempotency.ts';
import { discardImage, type RecordKey, type StoredImage } from '../intake/image-upload.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import type { ExtractionOptions } from './options.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What the caller wrote about the card, as it is sealed in the row. */
interface SealedRequest {
  readonly reference_id: string | null;
  readonly metadata: Record<string, string> | null;
  readonly webhook?: SealedWebhook;
}

export interface NewExtraction {
  readonly caller: Caller;
  readonly loggedId: string;
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
 * without its run. When the start fails, row and image are removed again.
 * @returns the extraction's id @throws errors of the database and of the Temporal client
 */
export async function createExtraction(context: RouteContext, request: NewExtraction): Promise<string> {
  const id = `ext_${randomBytes(16).toString('hex')}`;
  await insertRow(context, id, request);
  try {
    const webhook = request.options.webhook !== null;
    await startRun(context, id, { ...request, tenant: request.caller.tenant, webhook });
  } catch (error) {
    await removeRow(context, id, request);
    throw error;
  }
  context.metrics.extractionStarted();
  return id;
}

/** Marks the row as run; without it, the removal of abandoned rows would take it after some minutes. */
export async function markAccepted(context: RouteContext, id: string): Promise<void> {
  await context.database.extraction.updateMany({ where: { id }, data: { acceptedAt: new Date() } });
}

async function insertRow(context: RouteContext, id: string, request: NewExtraction): Promise<void> {
  const { caller, image, key, loggedId, options } = request;
  const { config, database, keyring } = context;
  const { metadata, referenceId, webhook } = options;
  const sealed: SealedRequest = { reference_id: referenceId, metadata, ...(webhook && { webhook }) };
  const row = database.extraction.create({
    data: {
      id,
      tenant: caller.tenant,
      strategy: options.strategy,
      options: {
        reject_low_quality: options.rejectLowQuality,
        store_image: options.storeImage,
        webhook: webhook !== null,
      },
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
  const access = accessLogRow({ caller, action: 'extraction.create', subject: id, requestId: loggedId });
  try {
    await database.$transaction([row, database.accessLogEntry.create({ data: access })]);
  } catch (error) {
    await discardImage(context, image.blob);
    throw error;
  }
}

/**
 * The extraction that was made under the same Idempotency-Key; undefined: there is none. One whose first request died
 * between the row and the start is started now.
 * @throws KtpflowError idempotency_mismatch, errors of the Temporal client
 */
export async function findRepeated(context: RouteContext, asked: Idempotency): Promise<string | undefined> {
  const { database } = context;
  const { idempotencyHash } = asked;
  // One that is past its expiry frees its key.
  await database.extraction.deleteMany({ where: { idempotencyHash, expiresAt: { lte: new Date() } } });
  const row = await database.extraction.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  if (row.acceptedAt === null && row.blob !== null && row.status === 'queued') {
    const { reject_low_quality, store_image, webhook } = storedOptionsSchema.parse(row.options);
    const strategy = z.enum(STRATEGIES).parse(row.strategy);
    const options = { strategy, rejectLowQuality: reject_low_quality, storeImage: store_image };
    const image = { blob: row.blob };
    await startRun(context, row.id, { ...asked, tenant: row.tenant, image, options, webhook }).catch(
      (error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      },
    );
    await markAccepted(context, row.id);
  }
  return row.id;
}

const storedOptionsSchema = z.object({
  reject_low_quality: z.boolean(),
  store_image: z.boolean(),
  webhook: z.boolean().default(false),
});

interface StartRequest {
  readonly tenant: string;
  readonly requestHash: string;
  readonly image: Pick<StoredImage, 'blob'>;
  readonly options: Pick<ExtractionOptions, 'strategy' | 'rejectLowQuality' | 'storeImage'>;
  /** Whether somebody is to be told of the end. */
  readonly webhook: boolean;
}

async function startRun(
  context: RouteContext,
  id: string,
  { tenant, requestHash, image, options, webhook }: StartRequest,
): Promise<void> {
  const input: ExtractDocumentInput = {
    extractionId: id,
    blob: image.blob,
    strategy: options.strategy,
    rejectLowQuality: options.rejectLowQuality,
    storeImage: options.storeImage,
    ...(webhook && { webhook: webhookInput(context.keyring, 'extraction', id, 1) }),
  };
  await startWorkflow(context, EXTRACT_DOCUMENT_WORKFLOW, {
    workflowId: extractionWorkflowId(id),
    input,
    tenant,
    priorityKey: INTERACTIVE_PRIORITY,
    // With the default of 10 s a killed worker would hold the extraction up for as long.
    workflowTaskTimeout: '2 seconds',
    memo: { requestHash },
  });
}

async function removeRow(context: RouteContext, id: string, { image }: NewExtraction): Promise<void> {
  await context.database.extraction
    .deleteMany({ where: { id } })
    // Rows that never got a run are removed by the retention Schedule too.
    .catch((error: unknown) => context.logger.warn('extraction.remove.failed', { extractionId: id, error }));
  await discardImage(context, image.blob);
}
