import type { BatchOutcome } from '../../contract/batch-activities.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type { ExtractionOutcome, StoreResultInput, WorkerActivities } from '../../contract/extraction-activities.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { StoredOutcomes } from '../../storage/stored-outcomes.ts';
import { linkExtractions, type SubjectLink } from '../../storage/subject-records.ts';
import { type OpenReviewDependencies, openReview } from '../review/open-review.ts';
import { usageColumn } from './usage-column.ts';

export type OutcomeMetrics = Pick<Metrics, 'cardRead' | 'extractionFinished'>;

export interface StoreResultDependencies extends OpenReviewDependencies {
  readonly blobs: BlobStore;
  readonly metrics?: OutcomeMetrics | undefined;
  readonly outcomes?: StoredOutcomes | undefined;
}

/** What an outcome writes into the extraction's row. */
export function outcomeColumns(attempts: number, outcome: ExtractionOutcome) {
  return {
    status: outcome.status,
    attempts,
    finishedAt: new Date(),
    ...(outcome.status === 'succeeded' && {
      sealedResult: Buffer.from(outcome.sealedResult, 'base64'),
      ...(outcome.sealedOthers && {
        sealedOthers: outcome.sealedOthers.map((sealed) => Buffer.from(sealed, 'base64')),
      }),
      timings: { ...outcome.timings },
      ...usageColumn(outcome),
      startedAt: new Date(outcome.startedAt),
      // Of a former run of its batch.
      errorCode: null,
      errorMessage: null,
    }),
    ...(outcome.status === 'failed' && { errorCode: outcome.error.code, errorMessage: outcome.error.message }),
  };
}

/** Counts an outcome that was written. */
export function countOutcome(metrics: OutcomeMetrics | undefined, outcome: ExtractionOutcome): void {
  metrics?.extractionFinished(outcome.status, outcome.status === 'failed' ? outcome.error.code : null);
  if (outcome.status === 'succeeded') metrics?.cardRead(outcome.timings);
}

/** Whom outcomes concern, where NIKs were read. */
export function subjectLinks(
  results: readonly { readonly extractionId: string; readonly outcome: BatchOutcome }[],
): SubjectLink[] {
  return results.flatMap(({ extractionId, outcome }) =>
    outcome.status === 'succeeded'
      ? (outcome.nikHashes ?? []).map((nikHash) => ({ nikHash, record: extractionId }))
      : [],
  );
}

/**
 * Writes an extraction's outcome to its row, exactly once: a retry finds a final row and leaves it. A row that was
 * deleted meanwhile stays deleted. The image goes after the result is safe, or stays for the person that is to look at it.
 */
export function createStoreResult({
  blobs,
  database,
  keyring,
  metrics,
  outcomes,
  retentionMs,
}: StoreResultDependencies): WorkerActivities['storeResult'] {
  return async ({ extractionId, attempts, outcome, deleteBlob, review }: StoreResultInput) => {
    await linkExtractions(database, subjectLinks([{ extractionId, outcome }]));
    if (outcome.status === 'succeeded' && review) {
      const card = { extractionId, attempts, outcome, review, storeImage: deleteBlob === null };
      const opened = await openReview({ database, keyring, retentionMs }, card);
      if (opened !== 'not needed') {
        outcomes?.announce(extractionId);
        return opened;
      }
    }
    const { count } = await database.extraction.updateMany({
      where: { id: extractionId, status: 'queued' },
      data: {
        ...outcomeColumns(attempts, outcome),
        ...(deleteBlob !== null && { blob: null }),
      },
    });
    if (count > 0) countOutcome(metrics, outcome);
    outcomes?.announce(extractionId);
    await deletePictures(blobs, outcome, deleteBlob);
    return null;
  };
}

/** What is not needed once an outcome is final. */
export async function deletePictures(
  blobs: BlobStore,
  outcome: ExtractionOutcome | { readonly status: 'deferred' },
  deleteBlob: BlobReference | null,
): Promise<void> {
  if (deleteBlob !== null) await blobs.delete(deleteBlob);
  if (outcome.status === 'succeeded' && outcome.upright !== undefined) await blobs.delete(outcome.upright);
}
