import type { BlobStore } from '../storage/blobs.ts';
import type { Database } from '../storage/database.ts';
import type { StoreResultInput, WorkerActivities } from './types.ts';

/**
 * Writes an extraction's outcome to its row, exactly once: a retry finds a final row and leaves it. A row that was
 * deleted meanwhile stays deleted. The image goes after the result is safe.
 */
export function createStoreResult(database: Database, blobs: BlobStore): WorkerActivities['storeResult'] {
  return async ({ extractionId, attempts, outcome, deleteBlob }: StoreResultInput) => {
    await database.extraction.updateMany({
      where: { id: extractionId, status: 'queued' },
      data: {
        status: outcome.status,
        attempts,
        finishedAt: new Date(),
        ...(outcome.status === 'succeeded' && {
          sealedResult: Buffer.from(outcome.sealedResult, 'base64'),
          timings: { ...outcome.timings },
          startedAt: new Date(outcome.startedAt),
        }),
        ...(outcome.status === 'failed' && { errorCode: outcome.error.code, errorMessage: outcome.error.message }),
        ...(deleteBlob !== null && { blob: null }),
      },
    });
    if (deleteBlob !== null) await blobs.delete(deleteBlob);
  };
}
