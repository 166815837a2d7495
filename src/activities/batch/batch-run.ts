import type { BatchActivities } from '../../contract/batch-activities.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import { beginRun, OPEN_BATCH_STATUSES, showPaused } from '../../storage/batches.ts';
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

    cancelBatchItems: ({ batchId }) => heartbeatWhile({ details: null }, () => cancelQueued(batchId)),

    async finishBatch({ batchId, run, status }) {
      const open = { id: batchId, run, status: { in: [...OPEN_BATCH_STATUSES] } };
      const batch = await database.batch.findFirst({ where: open, select: { blob: true, sealed: true } });
      // Deleted, or finished already by an attempt whose answer was lost.
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
      const documents = await database.batchDocument.findMany({ where: { batchId } });
      await Promise.all(documents.map(({ blob }) => blobs.delete(blob)));
      await database.batchDocument.deleteMany({ where: { batchId } });
      await database.batch.updateMany({
        where: open,
        data: { status, sealed: true, finishedAt, expiresAt, blob: null },
      });
      // Added in the last moment; from now on nothing can be.
      if (!batch.sealed) await cancelQueued(batchId);
    },
  };

  async function cancelQueued(batchId: string): Promise<void> {
    for (;;) {
      const rows = await database.extraction.findMany({
        where: { batchId, status: 'queued' },
        select: { id: true, blob: true },
        take: PAGE,
      });
      await database.extraction.updateMany({
        where: { id: { in: rows.map((row) => row.id) }, status: 'queued' },
        data: { status: 'cancelled', finishedAt: new Date(), blob: null },
      });
      await Promise.all(rows.map((row) => deleteBlob(row.blob)));
      if (rows.length < PAGE) return;
    }
  }

  async function deleteBlob(blob: BlobReference | null): Promise<void> {
    if (blob !== null) await blobs.delete(blob);
  }
}
