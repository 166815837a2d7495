import type { BatchActivities, BatchResult } from '../../contract/batch-activities.ts';
import type { StoredResult } from '../../contract/extraction-activities.ts';
import { linkExtractions } from '../../storage/subject-records.ts';
import {
  countOutcome,
  deletePictures,
  outcomeColumns,
  type StoreResultDependencies,
  subjectLinks,
} from '../extraction/store-result.ts';
import { openReview } from '../review/open-review.ts';

/**
 * Writes the outcomes of some items, each exactly once: what a repeat finds final it leaves. The images go after the
 * results are safe, or stay for the person that is to look at them.
 */
export function createStoreBatchResults(dependencies: StoreResultDependencies): BatchActivities['storeBatchResults'] {
  const { blobs, database, metrics } = dependencies;
  return async ({ results }) => {
    const opened = await Promise.all(results.map((result) => open(dependencies, result)));
    const final = results.filter((_, index) => opened[index] === 'not needed');
    const written = await database.$transaction(
      final.map(({ extractionId, attempts, outcome, deleteBlob }) =>
        database.extraction.updateMany({
          where: { id: extractionId, status: 'queued' },
          data:
            outcome.status === 'deferred'
              ? { attempts }
              : { ...outcomeColumns(attempts, outcome), ...(deleteBlob !== null && { blob: null }) },
        }),
      ),
    );
    await linkExtractions(database, subjectLinks(results));
    for (const [index, { outcome }] of final.entries()) {
      if (outcome.status !== 'deferred' && written[index]?.count) countOutcome(metrics, outcome);
    }
    await Promise.all(final.map(({ deleteBlob, outcome }) => deletePictures(blobs, outcome, deleteBlob)));
    return opened.map((wait) => (wait === 'not needed' ? null : wait));
  };
}

async function open(
  dependencies: StoreResultDependencies,
  { attempts, deleteBlob, extractionId, outcome, review }: BatchResult,
): Promise<StoredResult | 'not needed'> {
  if (outcome.status !== 'succeeded' || !review) return 'not needed';
  return openReview(dependencies, { extractionId, attempts, outcome, review, storeImage: deleteBlob === null });
}
