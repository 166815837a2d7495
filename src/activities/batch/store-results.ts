import type { BatchActivities, BatchOutcome, BatchResult } from '../../contract/batch-activities.ts';
import type { StoredResult } from '../../contract/extraction-activities.ts';
import { linkExtractions } from '../../storage/subject-records.ts';
import {
  countOutcome,
  deletePictures,
  type StoreResultDependencies,
  subjectLinks,
} from '../extraction/store-result.ts';
import { openReview } from '../review/open-review.ts';
import { type SeveralCards, storeCards } from './store-cards.ts';
import { writeOutcomes } from './write-outcomes.ts';

/**
 * Writes the outcomes of some items, each exactly once: what a repeat finds final it leaves. The images go after the
 * results are safe, or stay for the person that is to look at them.
 */
export function createStoreBatchResults(dependencies: StoreResultDependencies): BatchActivities['storeBatchResults'] {
  const { blobs, database, metrics } = dependencies;
  return async ({ results }) => {
    const sheets = results.filter(({ outcome }) => hasSeveral(outcome));
    for (const sheet of sheets) await storeSheet(dependencies, sheet);
    const single = results.filter(({ outcome }) => !hasSeveral(outcome));
    await linkExtractions(database, subjectLinks(single));
    const opened = await Promise.all(single.map((result) => open(dependencies, result)));
    const final = single.filter((_, index) => opened[index] === 'not needed');
    const written = await writeOutcomes(database, final);
    for (const { extractionId, outcome } of final) {
      if (outcome.status !== 'deferred' && written.has(extractionId)) countOutcome(metrics, outcome);
    }
    const stored = [...sheets, ...final];
    await Promise.all(stored.map(({ deleteBlob, outcome }) => deletePictures(blobs, outcome, deleteBlob)));
    const waits = new Map(single.map(({ extractionId }, index) => [extractionId, opened[index]]));
    return results.map(({ extractionId }): StoredResult => {
      const wait = waits.get(extractionId);
      return wait === undefined || wait === 'not needed' ? null : wait;
    });
  };
}

async function open(
  dependencies: StoreResultDependencies,
  { attempts, deleteBlob, extractionId, outcome, review }: BatchResult,
): Promise<StoredResult | 'not needed'> {
  if (outcome.status !== 'succeeded' || !review) return 'not needed';
  return openReview(dependencies, { extractionId, attempts, outcome, review, storeImage: deleteBlob === null });
}

async function storeSheet(dependencies: StoreResultDependencies, result: BatchResult): Promise<void> {
  const { attempts, deleteBlob, extractionId, outcome } = result;
  if (!hasSeveral(outcome)) return;
  const count = await storeCards(dependencies, { extractionId, attempts, outcome, deletesBlob: deleteBlob !== null });
  for (let card = 0; card < count; card++) countOutcome(dependencies.metrics, outcome);
}

function hasSeveral(outcome: BatchOutcome): outcome is SeveralCards['outcome'] {
  return outcome.status === 'succeeded' && outcome.sealedOthers !== undefined && outcome.sealedOthers.length > 0;
}
