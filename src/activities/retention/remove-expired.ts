import { Context } from '@temporalio/activity';
import type { RemovalReport, WorkerActivities } from '../../contract/extraction-activities.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { removeExpiredFiles } from './remove-expired-files.ts';
import { removeExpiredSessions } from './remove-expired-sessions.ts';

const ABANDONED_AFTER_MS = 5 * 60_000;
/** An upload may take its time; a blob younger than this may still get its row. */
const ORPHANED_AFTER_MS = 60 * 60_000;
const PAGE = 500;

/**
 * Removes what is past its expiry, rows that never got a run (the API died between the row and the start), and blobs
 * that no row names. Run by a Temporal Schedule.
 */
export function createRemoveExpired(database: Database, blobs: BlobStore): WorkerActivities['removeExpired'] {
  const removeRows = async (where: object): Promise<number> => {
    let removed = 0;
    for (;;) {
      const rows = await database.extraction.findMany({ where, select: { id: true, blob: true }, take: PAGE });
      // The row goes first: with it goes the data key, and what is left of the blob cannot be read.
      await database.extraction.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
      for (const row of rows) if (row.blob) await blobs.delete(row.blob);
      removed += rows.length;
      Context.current().heartbeat(removed);
      if (rows.length < PAGE) return removed;
    }
  };

  /** An item's image goes before its batch, whose row takes those of the items with it. */
  const removeBatches = async (where: object): Promise<number> => {
    const batches = await database.batch.findMany({ where, select: { id: true, blob: true } });
    for (const { id, blob } of batches) {
      await removeRows({ batchId: id });
      await database.batch.deleteMany({ where: { id } });
      if (blob) await blobs.delete(blob);
    }
    return batches.length;
  };

  const removeOrphanedBlobs = async (): Promise<number> => {
    let removed = 0;
    const page: string[] = [];
    const sweep = async () => {
      const named = await database.extraction.findMany({ where: { blob: { in: page } }, select: { blob: true } });
      const archives = await database.batch.findMany({ where: { blob: { in: page } }, select: { blob: true } });
      const requests = await database.chatGeneration.findMany({
        where: { blob: { in: page } },
        select: { blob: true },
      });
      const files = await database.storedFile.findMany({ where: { blob: { in: page } }, select: { blob: true } });
      const kept = new Set([...named, ...archives, ...requests, ...files].map((row) => row.blob));
      for (const blob of page.splice(0)) {
        if (kept.has(blob)) continue;
        await blobs.delete(blob);
        removed++;
      }
      Context.current().heartbeat(removed);
    };
    for await (const blob of blobs.listOlderThan(new Date(Date.now() - ORPHANED_AFTER_MS))) {
      page.push(blob);
      if (page.length === PAGE) await sweep();
    }
    await sweep();
    return removed;
  };

  return async (): Promise<RemovalReport> => {
    const now = new Date();
    const expired =
      (await removeRows({ expiresAt: { lt: now } })) +
      (await removeBatches({ expiresAt: { lt: now } })) +
      (await removeExpiredSessions(database, blobs, now)) +
      (await removeExpiredFiles(database, blobs, now)) +
      (await database.chatBatch.deleteMany({ where: { expiresAt: { lt: now } } })).count;
    await database.webhookDelivery.deleteMany({ where: { expiresAt: { lt: now } } });
    const abandonedBefore = new Date(now.getTime() - ABANDONED_AFTER_MS);
    const neverStarted = { acceptedAt: null, createdAt: { lt: abandonedBefore } };
    const abandoned =
      (await removeRows({ ...neverStarted, status: 'queued', batchId: null })) +
      (await removeBatches({ ...neverStarted, status: 'validating' })) +
      (await database.chatBatch.deleteMany({ where: { ...neverStarted, status: 'validating' } })).count;
    return { expired, abandoned, orphanedBlobs: await removeOrphanedBlobs() };
  };
}
