import type { BatchActivities } from '../../contract/batch-activities.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { beginRun, OPEN_BATCH_STATUSES, showPaused } from '../../storage/batches.ts';
import type { Prisma } from '../../storage/generated/client.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import type { BatchDependencies } from './item-images.ts';

const PAGE = 500;

/** Beginning, cancelling and finishing a run of a batch. */
export function createBatchRun({
  database,
  blobs,
  retentionMs,
}: BatchDependencies): Pick<BatchActivities, 'beginBatchRun' | 'cancelBatchItems' | 'finishBatch' | 'showBatchPaused'> {
  return {
    beginBatchRun: (input) => beginRun(database, input, retentionMs),

    showBatchPaused: ({ batchId, paused, run }) => showPaused(database, batchId, run, paused),

    cancelBatchItems: ({ batchId }) => heartbeatWhile({ details: null }, () => cancelQueued({ batchId })),

    async finishBatch({ batchId, run, status }) {
      const open = { id: batchId, run, status: { in: [...OPEN_BATCH_STATUSES] } };
      const batch = await database.batch.findFirst({ where: { id: batchId, run }, select: { blob: true } });
      // Deleted, or begun again.
      if (!batch) return;
      const finishedAt = new Date();
      // What still waits for a person is kept until it was decided, and its batch with it.
      const { _max } = await database.extraction.aggregate({
        where: { batchId, status: 'needs_review' },
        _max: { expiresAt: true },
      });
      const latest = Math.max(finishedAt.getTime() + retentionMs, _max.expiresAt?.getTime() ?? 0);
      const expiresAt = new Date(latest);
      await database.extraction.updateMany({ where: { batchId }, data: { expiresAt } });
      await deleteBlob(batch.blob);
      // An attempt before this one may have come so far already.
      await database.batch.updateMany({
        where: open,
        data: { status, sealed: true, finishedAt, expiresAt, blob: null },
      });
      // What came in the last moment goes; from now on nothing can be added.
      await cancelQueued({ batchId, batch: { run } });
      const documents = await database.batchDocument.findMany({ where: { batchId } });
      await Promise.all(documents.map(({ blob }) => blobs.delete(blob)));
      await database.batchDocument.deleteMany({ where: { batchId } });
    },
  };

  /** With the images of all that was cancelled: that of an item may have come just before its own cancellation. */
  async function cancelQueued(items: Prisma.ExtractionWhereInput): Promise<void> {
    const data = { status: 'cancelled', finishedAt: new Date() };
    await database.extraction.updateMany({ where: { ...items, status: 'queued' }, data });
    for (;;) {
      const rows = await database.extraction.findMany({
        where: { ...items, status: 'cancelled', blob: { not: null } },
        select: { id: true, blob: true },
        take: PAGE,
      });
      await Promise.all(rows.map((row) => deleteBlob(row.blob)));
      const ids = rows.map((row) => row.id);
      if (ids.length > 0) await database.extraction.updateMany({ where: { id: { in: ids } }, data: { blob: null } });
      if (ids.length < PAGE) return;
    }
  }

  async function deleteBlob(blob: BlobReference | null): Promise<void> {
    if (blob !== null) await blobs.delete(blob);
  }
}
