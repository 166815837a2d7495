import type { ExtractionOutcome, StoreResultInput, WorkerActivities } from '../../contract/extraction-activities.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import type { StoredOutcomes } from '../../storage/stored-outcomes.ts';

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
      startedAt: new Date(outcome.startedAt),
      // Of a former run of its batch.
      errorCode: null,
      errorMessage: null,
    }),
    ...(outcome.status === 'failed' && { errorCode: outcome.error.code, errorMessage: outcome.error.message }),
  };
}

/** Counts an outcome that was written. */
export function countOutcome(
  metrics: Pick<Metrics, 'extractionFinished'> | undefined,
  outcome: ExtractionOutcome,
): void {
  metrics?.extractionFinished(outcome.status, outcome.status === 'failed' ? outcome.error.code : null);
}

/**
 * Writes an extraction's outcome to its row, exactly once: a retry finds a final row and leaves it. A row that was
 * deleted meanwhile stays deleted. The image goes after the result is safe.
 */
export function createStoreResult(
  database: Database,
  blobs: BlobStore,
  metrics?: Pick<Metrics, 'extractionFinished'>,
  outcomes?: StoredOutcomes,
): WorkerActivities['storeResult'] {
  return async ({ extractionId, attempts, outcome, deleteBlob }: StoreResultInput) => {
    const { count } = await database.extraction.updateMany({
      where: { id: extractionId, status: 'queued' },
      data: {
        ...outcomeColumns(attempts, outcome),
        ...(deleteBlob !== null && { blob: null }),
      },
    });
    if (count > 0) countOutcome(metrics, outcome);
    outcomes?.announce(extractionId);
    if (deleteBlob !== null) await blobs.delete(deleteBlob);
  };
}
