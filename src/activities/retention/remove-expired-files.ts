import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { reportProgress } from './report-progress.ts';

const PAGE = 500;

/** Removes files past their expiry, each row with its data key first. Must be called by an activity. @returns how many */
export async function removeExpiredFiles(database: Database, blobs: BlobStore, now: Date): Promise<number> {
  let removed = 0;
  for (;;) {
    const rows = await database.storedFile.findMany({
      where: { expiresAt: { lt: now } },
      select: { id: true, blob: true },
      take: PAGE,
    });
    await database.storedFile.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
    for (const { blob } of rows) await blobs.delete(blob);
    removed += rows.length;
    reportProgress(removed);
    if (rows.length < PAGE) return removed;
  }
}
