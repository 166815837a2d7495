import type { BatchActivities, BatchOutcome } from '../../contract/batch-activities.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { countOutcome, outcomeColumns } from '../extraction/store-result.ts';
import type { BatchDependencies } from './item-images.ts';
import { type SeveralCards, storeCards } from './store-cards.ts';

/**
 * Writes the outcomes of some items, each exactly once: what a repeat finds final it leaves. The images go after the
 * results are safe.
 */
export function createStoreBatchResults(
  { database, blobs, keyring }: Pick<BatchDependencies, 'database' | 'blobs' | 'keyring'>,
  metrics?: Pick<Metrics, 'extractionFinished'>,
): BatchActivities['storeBatchResults'] {
  return async ({ results }) => {
    const sheets = results.filter(({ outcome }) => hasSeveral(outcome));
    const single = results.filter(({ outcome }) => !hasSeveral(outcome));
    for (const { attempts, deleteBlob, extractionId, outcome } of sheets) {
      if (!hasSeveral(outcome)) continue;
      const cards = { extractionId, attempts, outcome, deletesBlob: deleteBlob !== null };
      const count = await storeCards({ database, keyring }, cards);
      for (let card = 0; card < count; card++) countOutcome(metrics, outcome);
    }
    const written = await database.$transaction(
      single.map(({ extractionId, attempts, outcome, deleteBlob }) =>
        database.extraction.updateMany({
          where: { id: extractionId, status: 'queued' },
          data:
            outcome.status === 'deferred'
              ? { attempts }
              : { ...outcomeColumns(attempts, outcome), ...(deleteBlob !== null && { blob: null }) },
        }),
      ),
    );
    for (const [index, { outcome }] of single.entries()) {
      if (outcome.status !== 'deferred' && written[index]?.count) countOutcome(metrics, outcome);
    }
    await Promise.all(results.map(async ({ deleteBlob }) => deleteBlob !== null && blobs.delete(deleteBlob)));
  };
}

type Succeeded = SeveralCards['outcome'];

function hasSeveral(outcome: BatchOutcome): outcome is Succeeded {
  return outcome.status === 'succeeded' && outcome.sealedOthers !== undefined && outcome.sealedOthers.length > 0;
}
