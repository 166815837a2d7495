import type { BlobReference } from '../../contract/blob-reference.ts';
import type { WorkerActivities } from '../../contract/extraction-activities.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { namedBlobs } from '../../storage/named-blobs.ts';
import { reportProgress } from './report-progress.ts';

/** An upload may take its time; a blob younger than this may still get its row. */
const ORPHANED_AFTER_MS = 60 * 60_000;
const PAGE = 500;
/** A large store takes several turns, so that what expires meanwhile need not wait for its end. */
const TURN_MS = 4 * 60_000;

/**
 * Removes blobs that no row names. A turn that takes too long ends before the store does; the next one of this process
 * goes on there. With several processes each has a place of its own: all of them come to the end.
 */
export function createRemoveOrphans(
  database: Database,
  blobs: BlobStore,
  { page: pageSize = PAGE, turnMs = TURN_MS } = {},
): WorkerActivities['removeOrphans'] {
  const sweep = async (page: readonly BlobReference[]): Promise<BlobReference[]> => {
    const kept = await namedBlobs(database, page);
    const orphans = page.filter((blob) => !kept.has(blob));
    for (const blob of orphans) await blobs.delete(blob);
    return orphans;
  };

  let place: BlobReference | undefined;
  return async () => {
    const after = place;
    // Where this turn fails, the next one begins anew: it may be the place that does it.
    place = undefined;
    const end = performance.now() + turnMs;
    let removed = 0;
    let page: BlobReference[] = [];
    for await (const blob of blobs.listOlderThan(new Date(Date.now() - ORPHANED_AFTER_MS), after)) {
      page.push(blob);
      if (page.length < pageSize) continue;
      removed += (await sweep(page)).length;
      reportProgress(removed);
      if (performance.now() > end) {
        place = blob;
        return removed;
      }
      page = [];
    }
    return removed + (await sweep(page)).length;
  };
}
