import type { OrphanReport, WorkerActivities } from '../../contract/extraction-activities.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { reportProgress } from './report-progress.ts';

/** An upload may take its time; a blob younger than this may still get its row. */
const ORPHANED_AFTER_MS = 60 * 60_000;
const PAGE = 500;
/** A large store takes several turns, so that what expires meanwhile need not wait for its end. */
const TURN_MS = 4 * 60_000;

/**
 * Removes blobs that no row names. A turn that takes too long ends before the store does, and says where the next one is
 * to go on.
 */
export function createRemoveOrphans(
  database: Database,
  blobs: BlobStore,
  { page: pageSize = PAGE, turnMs = TURN_MS } = {},
): WorkerActivities['removeOrphans'] {
  const sweep = async (page: readonly string[]): Promise<string[]> => {
    const within = { in: [...page] };
    const named = { where: { blob: within }, select: { blob: true } } as const;
    const images = await database.extraction.findMany(named);
    const archives = await database.batch.findMany(named);
    const requests = await database.chatGeneration.findMany(named);
    const conversations = await database.storedResponse.findMany(named);
    const files = await database.storedFile.findMany(named);
    const documents = await database.batchDocument.findMany(named);
    const pictures = await database.review.findMany({ where: { picture: within }, select: { picture: true } });
    const kept = new Set([
      ...[...images, ...archives, ...requests, ...conversations, ...files, ...documents].map((row) => row.blob),
      ...pictures.map((row) => row.picture),
    ]);
    const orphans = page.filter((blob) => !kept.has(blob));
    for (const blob of orphans) await blobs.delete(blob);
    return orphans;
  };

  return async (after): Promise<OrphanReport> => {
    const end = performance.now() + turnMs;
    let orphanedBlobs = 0;
    let page: string[] = [];
    for await (const blob of blobs.listOlderThan(new Date(Date.now() - ORPHANED_AFTER_MS), after ?? undefined)) {
      page.push(blob);
      if (page.length < pageSize) continue;
      orphanedBlobs += (await sweep(page)).length;
      reportProgress(orphanedBlobs);
      if (performance.now() > end) return { orphanedBlobs, orphansAfter: blob };
      page = [];
    }
    return { orphanedBlobs: orphanedBlobs + (await sweep(page)).length, orphansAfter: null };
  };
}
