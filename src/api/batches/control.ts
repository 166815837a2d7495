import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { AbortScope } from '../../abort-scope.ts';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { KtpflowError } from '../../errors.ts';
import { beginRun, countFailures, countItems, GOING_BATCH_STATUSES } from '../../storage/batches.ts';
import type { Batch } from '../../storage/generated/client.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import { type Access, accessLogRow } from '../access/access-log.ts';
import type { ApiContext } from '../context.ts';
import { erasureRow } from '../erasures/certificate.ts';
import { deletePictures, endReview } from '../extractions/erase.ts';
import { waitForWorkflow } from '../extractions/wait.ts';
import { isFinalBatch } from './batch-schema.ts';
import { optionsOf } from './render-batch.ts';
import { type StartContext, startRun } from './start.ts';

const DEADLINE_MS = 5_000;
/** In which a run whose batch is final comes to its end. */
const CLOSING_MS = 3_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Image files deleted at once. */
const DELETED_AT_ONCE = 500;

/** Asks for cancellation; what is finished stays. @throws errors of the Temporal client */
export async function cancelBatch(context: Pick<ApiContext, 'database' | 'temporal'>, row: Batch): Promise<void> {
  const { database, temporal } = context;
  const handle = temporal.workflow.getHandle(batchWorkflowId(row.id));
  await temporal
    .withDeadline(Date.now() + DEADLINE_MS, () => handle.cancel())
    .catch((error: unknown) => {
      if (!isTemporalNotFound(error)) throw error;
    });
  await database.batch.updateMany({
    where: { id: row.id, run: row.run, status: { in: [...GOING_BATCH_STATUSES] } },
    data: { status: 'cancelling' },
  });
}

/**
 * Begins another run over the items that have failed; without any there is nothing to do.
 * @param codes only those that failed with one of these errors; absent: all
 * @throws KtpflowError batch_running; batch_cancelled where only cancelled items are left; errors of the Temporal client
 */
export async function retryBatch(context: StartContext, row: Batch, codes?: readonly string[]): Promise<void> {
  const { database } = context;
  if (!isFinalBatch(row.status)) throw running();
  const counts = (await countItems(database, [row.id])).get(row.id);
  if (!counts || counts.failed === 0) {
    if (row.status === 'cancelled') throw cancelled();
    return;
  }
  if (codes && !(await countFailures(database, row.id)).some(({ code }) => codes.includes(code))) return;
  const run = row.run + 1;
  const repeated = codes && { codes };
  const start = () => startRun(context, { ...optionsOf(row), id: row.id, tenant: row.tenant, run, ...repeated });
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // The row is final before its run is over: the webhook is begun in between.
    using scope = new AbortScope([], CLOSING_MS);
    if (!(await waitForWorkflow(context.temporal, batchWorkflowId(row.id), scope.signal))) throw running();
    const now = await database.batch.findUnique({ where: { id: row.id } });
    if (now?.run !== row.run || !isFinalBatch(now.status)) throw running();
    await start();
  }
  // The workflow does the same first of all; whoever is second changes nothing.
  await beginRun(database, { batchId: row.id, run, ...repeated }, context.config.RETENTION_DAYS * DAY_MS);
}

/**
 * Erases a batch everywhere: its runs end, their histories, the images and the rows go, and with the rows the data
 * keys, without which no copy can be read; a certificate stays. Temporal comes first: were it down after the rows are
 * gone, a repeat would find nothing to repeat.
 */
export async function eraseBatch(
  context: Pick<ApiContext, 'blobs' | 'database' | 'keyring' | 'temporal'>,
  row: Batch,
  access: Omit<Access, 'action' | 'subject'>,
): Promise<void> {
  const { blobs, database, keyring, temporal } = context;
  const workflowId = batchWorkflowId(row.id);
  const records: string[] = [];
  let histories = 0;
  let images = 0;
  await temporal.withDeadline(Date.now() + DEADLINE_MS, async () => {
    if (!isFinalBatch(row.status)) {
      await ignoreMissing(temporal.workflow.getHandle(workflowId).terminate('the batch was deleted'));
    }
    // One execution for each retry and each time that the history became long.
    for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
      const workflowExecution = { workflowId, runId };
      const { namespace } = temporal.options;
      await ignoreMissing(temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution }));
      histories++;
    }
  });
  for (;;) {
    const rows = await database.extraction.findMany({
      where: { batchId: row.id },
      select: { id: true, blob: true, options: true, status: true },
      take: DELETED_AT_ONCE,
    });
    for (const row of rows) await endReview(temporal, row);
    const ids = rows.map(({ id }) => id);
    await deletePictures(context, ids);
    await Promise.all(rows.map(async ({ blob }) => blob !== null && blobs.delete(blob)));
    await database.extraction.deleteMany({ where: { id: { in: ids } } });
    records.push(...ids);
    images += rows.filter(({ blob }) => blob !== null).length;
    if (rows.length < DELETED_AT_ONCE) break;
  }
  const documents = await database.batchDocument.findMany({ where: { batchId: row.id } });
  await Promise.all(documents.map(({ blob }) => blobs.delete(blob)));
  images += documents.length;
  if (row.blob !== null) {
    await blobs.delete(row.blob);
    images++;
  }
  const certificate = erasureRow(keyring, {
    record: row.id,
    kind: 'batch',
    tenant: row.tenant,
    actor: access.caller.actor,
    records,
    images,
    histories,
    deliveries: await database.webhookDelivery.count({ where: { subject: row.id } }),
  });
  const entry = accessLogRow({ ...access, action: 'batch.delete', subject: row.id });
  await database.$transaction([
    database.webhookDelivery.deleteMany({ where: { subject: row.id } }),
    database.batch.deleteMany({ where: { id: row.id } }),
    database.accessLogEntry.create({ data: entry }),
    database.erasure.upsert({ where: { record: row.id }, create: certificate, update: {} }),
  ]);
}

function cancelled(): KtpflowError {
  const message = 'The batch was cancelled, and the images of its cancelled items are gone: submit them again.';
  return new KtpflowError('batch_cancelled', message);
}

function running(): KtpflowError {
  return new KtpflowError('batch_running', 'The batch is still running.');
}

/** What is asked of a workflow that has ended meanwhile is nothing. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isTemporalNotFound(error)) throw error;
  });
}
