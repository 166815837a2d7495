import type { BatchActivities } from '../../contract/batch-activities.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { linkExtractions } from '../../storage/subject-records.ts';
import { countOutcome, outcomeColumns, subjectLinks } from '../extraction/store-result.ts';

/**
 * Writes the outcomes of some items, each exactly once: what a repeat finds final it leaves. The images go after the
 * results are safe.
 */
export function createStoreBatchResults(
  database: Database,
  blobs: BlobStore,
  metrics?: Pick<Metrics, 'extractionFinished'>,
): BatchActivities['storeBatchResults'] {
  return async ({ results }) => {
    const written = await database.$transaction(
      results.map(({ extractionId, attempts, outcome, deleteBlob }) =>
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
    for (const [index, { outcome }] of results.entries()) {
      if (outcome.status !== 'deferred' && written[index]?.count) countOutcome(metrics, outcome);
    }
    await Promise.all(results.map(async ({ deleteBlob }) => deleteBlob !== null && blobs.delete(deleteBlob)));
  };
}
