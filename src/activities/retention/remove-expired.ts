import { Context } from '@temporalio/activity';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import type { RemovalReport, WorkerActivities } from '../../contract/extraction-activities.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { OPEN_CHAT_BATCH } from '../../storage/chat-batches.ts';
import type { Database } from '../../storage/database.ts';
import { removeExpiredFiles } from './remove-expired-files.ts';
import { removeExpiredSessions } from './remove-expired-sessions.ts';
import { removeOrphanedBlobs } from './remove-orphaned-blobs.ts';
import { askTemporal, type FindRun, removeUnstarted } from './remove-unstarted.ts';

const PAGE = 500;

/**
 * Removes what is past its expiry, rows that never got a run (the API died between the row and the start), and blobs
 * that no row names. Run by a Temporal Schedule.
 */
export function createRemoveExpired(
  database: Database,
  blobs: BlobStore,
  findRun: FindRun = askTemporal,
): WorkerActivities['removeExpired'] {
  const removeRows = async (where: object): Promise<number> => {
    let removed = 0;
    for (;;) {
      const rows = await database.extraction.findMany({
        where,
        select: { id: true, blob: true, review: { select: { picture: true } } },
        take: PAGE,
      });
      // The row goes first: with it goes the data key, and what is left of the blob cannot be read.
      await database.extraction.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
      for (const { blob, review } of rows) {
        for (const picture of [blob, review?.picture]) if (picture) await blobs.delete(picture);
      }
      removed += rows.length;
      Context.current().heartbeat(removed);
      if (rows.length < PAGE) return removed;
    }
  };

  /** A batch goes with its items; one that is still being read goes when it has ended, however long that takes. */
  const removeBatches = async (now: Date): Promise<number> => {
    let removed = 0;
    const expired = await database.batch.findMany({
      where: { expiresAt: { lt: now } },
      select: { id: true, blob: true, status: true },
    });
    for (const { blob, id, status } of expired) {
      if (OPEN_BATCH_STATUSES.some((open) => open === status) && (await findRun(batchWorkflowId(id)))?.open) continue;
      // An item's image goes before its batch, whose row takes those of the items with it.
      removed += await removeRows({ batchId: id });
      await database.batch.deleteMany({ where: { id } });
      if (blob) await blobs.delete(blob);
      removed++;
    }
    return removed;
  };

  /** As batches of cards: one that still runs goes when it has ended. Its files go by their own expiry. */
  const removeChatBatches = async (now: Date): Promise<number> => {
    let removed = 0;
    const expired = await database.chatBatch.findMany({
      where: { expiresAt: { lt: now } },
      select: { id: true, status: true },
    });
    for (const { id, status } of expired) {
      if (OPEN_CHAT_BATCH.includes(status) && (await findRun(chatBatchWorkflowId(id)))?.open) continue;
      removed += (await database.chatBatch.deleteMany({ where: { id } })).count;
    }
    return removed;
  };

  const removeResponses = async (now: Date): Promise<number> => {
    const rows = await database.storedResponse.findMany({
      where: { expiresAt: { lt: now } },
      select: { id: true, blob: true },
    });
    for (const { blob, id } of rows) {
      await database.storedResponse.deleteMany({ where: { id } });
      await blobs.delete(blob);
    }
    return rows.length;
  };

  return async (): Promise<RemovalReport> => {
    const now = new Date();
    const expired =
      (await removeRows({ expiresAt: { lt: now }, batchId: null })) +
      (await removeBatches(now)) +
      (await removeChatBatches(now)) +
      (await removeExpiredFiles(database, blobs, now)) +
      (await removeResponses(now)) +
      (await removeExpiredSessions(database, blobs, now));
    await database.webhookDelivery.deleteMany({ where: { expiresAt: { lt: now } } });
    const abandoned = await removeUnstarted(database, blobs, now, findRun);
    return { expired, abandoned, orphanedBlobs: await removeOrphanedBlobs(database, blobs, now) };
  };
}
