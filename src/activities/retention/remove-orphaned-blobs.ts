import { Context } from '@temporalio/activity';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';

/** An upload may take its time; a blob younger than this may still get its row. */
const ORPHANED_AFTER_MS = 60 * 60_000;
const PAGE = 500;

/** Removes blobs that no row names. Must be called by an activity. @returns how many */
export async function removeOrphanedBlobs(database: Database, blobs: BlobStore, now: Date): Promise<number> {
  let removed = 0;
  const page: string[] = [];
  const sweep = async () => {
    const named = { where: { blob: { in: page } }, select: { blob: true } } as const;
    const images = await database.extraction.findMany(named);
    const archives = await database.batch.findMany(named);
    const requests = await database.chatGeneration.findMany(named);
    const conversations = await database.storedResponse.findMany(named);
    const files = await database.storedFile.findMany(named);
    const documents = await database.batchDocument.findMany(named);
    const pictures = await database.review.findMany({ where: { picture: { in: page } }, select: { picture: true } });
    const kept = new Set([
      ...[...images, ...archives, ...requests, ...conversations, ...files, ...documents].map((row) => row.blob),
      ...pictures.map((row) => row.picture),
    ]);
    for (const blob of page.splice(0)) {
      if (kept.has(blob)) continue;
      await blobs.delete(blob);
      removed++;
    }
    Context.current().heartbeat(removed);
  };
  for await (const blob of blobs.listOlderThan(new Date(now.getTime() - ORPHANED_AFTER_MS))) {
    page.push(blob);
    if (page.length === PAGE) await sweep();
  }
  await sweep();
  return removed;
}
