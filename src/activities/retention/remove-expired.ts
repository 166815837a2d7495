import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import type { RemovalReport, WorkerActivities } from '../../contract/extraction-activities.ts';
import { OPEN_BATCH_STATUSES } from '../../storage/batches.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { OPEN_CHAT_BATCH } from '../../storage/chat-batches.ts';
import type { Database } from '../../storage/database.ts';
import { everyPage } from './every-page.ts';
import { removeExpiredFiles } from './remove-expired-files.ts';
import { removeExpiredSessions } from './remove-expired-sessions.ts';
import { askTemporal, type FindRun, removeUnstarted } from './remove-unstarted.ts';
import { reportProgress } from './report-progress.ts';

const PAGE = 500;

/**
 * Removes what is past its expiry, and rows that never got a run (the API died between the row and the start). Run by a
 * Temporal Schedule.
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
      reportProgress(removed);
      if (rows.length < PAGE) return removed;
    }
  };

  /** A batch goes with its items; one that is still being read goes when it has ended, however long that takes. */
  const removeBatches = (expiresAt: { readonly lt: Date }): Promise<number> =>
    everyPage(
      (after, take) =>
        database.batch.findMany({
          where: { expiresAt, id: { gt: after } },
          select: { id: true, blob: true, status: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ blob, id, status }) => {
        if (OPEN_BATCH_STATUSES.some((open) => open === status) && (await findRun(batchWorkflowId(id)))?.open) return 0;
        // An item's image goes before its batch, whose row takes those of the items with it.
        const items = await removeRows({ batchId: id });
        await database.batch.deleteMany({ where: { id } });
        if (blob) await blobs.delete(blob);
        return items + 1;
      },
    );

  /** As batches of cards: one that still runs goes when it has ended. Its files go by their own expiry. */
  const removeChatBatches = (expiresAt: { readonly lt: Date }): Promise<number> =>
    everyPage(
      (after, take) =>
        database.chatBatch.findMany({
          where: { expiresAt, id: { gt: after } },
          select: { id: true, status: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ id, status }) => {
        if (OPEN_CHAT_BATCH.includes(status) && (await findRun(chatBatchWorkflowId(id)))?.open) return 0;
        return (await database.chatBatch.deleteMany({ where: { id } })).count;
      },
    );

  const removeResponses = (expiresAt: { readonly lt: Date }): Promise<number> =>
    everyPage(
      (after, take) =>
        database.storedResponse.findMany({
          where: { expiresAt, id: { gt: after } },
          select: { id: true, blob: true },
          orderBy: { id: 'asc' },
          take,
        }),
      async ({ blob, id }) => {
        const { count } = await database.storedResponse.deleteMany({ where: { id } });
        await blobs.delete(blob);
        return count;
      },
    );

  return async (): Promise<RemovalReport> => {
    const now = new Date();
    const expiresAt = { lt: now };
    const expired =
      (await removeRows({ expiresAt, batchId: null })) +
      (await removeBatches(expiresAt)) +
      (await removeChatBatches(expiresAt)) +
      (await removeExpiredFiles(database, blobs, now)) +
      (await removeResponses(expiresAt)) +
      (await removeExpiredSessions(database, blobs, now));
    await database.webhookDelivery.deleteMany({ where: { expiresAt } });
    return { expired, abandoned: await removeUnstarted(database, blobs, now, findRun) };
  };
}
