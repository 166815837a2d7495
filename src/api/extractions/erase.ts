import type { Client } from '@temporalio/client';
import { extractionWorkflowId } from '../../contract/extraction-workflow.ts';
import { reviewWorkflowId } from '../../contract/review.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import { type Access, accessLogRow } from '../access/access-log.ts';
import type { ApiContext } from '../context.ts';
import { erasureRow } from '../erasures/certificate.ts';
import { isFinal } from './job-schema.ts';
import { askedForReview } from './review-option.ts';

const DEADLINE_MS = 5_000;

/**
 * Erases an extraction everywhere: its run ends, history, image and row go, and with the row the data key, without which
 * no copy can be read; a certificate stays. Temporal comes first: were it down after the row is gone, a repeat would find
 * nothing to repeat.
 * @throws errors of the Temporal client, the blob store and the database; a repeat goes on where it stopped
 */
export async function eraseExtraction(
  context: Pick<ApiContext, 'blobs' | 'database' | 'keyring' | 'temporal'>,
  row: Extraction,
  access: Omit<Access, 'action' | 'subject'>,
): Promise<void> {
  const { blobs, database, keyring, temporal } = context;
  await temporal.withDeadline(Date.now() + DEADLINE_MS, async () => {
    if (!isFinal(row.status)) await ignoreMissing(terminate(temporal, extractionWorkflowId(row.id)));
    await ignoreMissing(deleteHistory(temporal, extractionWorkflowId(row.id)));
    await endReview(temporal, row);
  });
  await deletePictures(context, [row.id]);
  if (row.blob) await blobs.delete(row.blob);
  const entry = accessLogRow({ ...access, action: 'extraction.delete', subject: row.id });
  const certificate = erasureRow(keyring, {
    record: row.id,
    kind: 'extraction',
    tenant: row.tenant,
    actor: access.caller.actor,
    records: [row.id],
    images: row.blob ? 1 : 0,
    histories: row.batchId === null ? 1 : 0,
    deliveries: await database.webhookDelivery.count({ where: { subject: row.id } }),
  });
  await database.$transaction([
    database.webhookDelivery.deleteMany({ where: { subject: row.id } }),
    database.extraction.deleteMany({ where: { id: row.id } }),
    database.accessLogEntry.create({ data: entry }),
    database.erasure.upsert({ where: { record: row.id }, create: certificate, update: {} }),
  ]);
}

/** Ends the wait for a person, and removes what its history names. @throws errors of the Temporal client */
export async function endReview(
  client: Client,
  { id, options, status }: Pick<Extraction, 'id' | 'options' | 'status'>,
) {
  if (!askedForReview(options)) return;
  if (status === 'needs_review') await ignoreMissing(terminate(client, reviewWorkflowId(id)));
  await ignoreMissing(deleteHistory(client, reviewWorkflowId(id)));
}

/** Deletes the upright pictures of cards that wait for a person. */
export async function deletePictures(
  { blobs, database }: Pick<ApiContext, 'blobs' | 'database'>,
  extractionIds: readonly string[],
): Promise<void> {
  const reviews = await database.review.findMany({
    where: { extractionId: { in: [...extractionIds] }, picture: { not: null } },
    select: { picture: true },
  });
  await Promise.all(reviews.map(async ({ picture }) => picture !== null && blobs.delete(picture)));
}

async function terminate(client: Client, workflowId: string): Promise<void> {
  await client.workflow.getHandle(workflowId).terminate('the extraction was deleted');
}

async function deleteHistory(client: Client, workflowId: string): Promise<void> {
  await client.workflowService.deleteWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
  });
}

async function ignoreMissing(call: Promise<void>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isTemporalNotFound(error)) throw error;
  });
}
