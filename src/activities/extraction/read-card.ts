import { Context } from '@temporalio/activity';
import type { InferenceActivities, ReadCardInput, ReadCardOutput } from '../../contract/extraction-activities.ts';
import type { ReadCardProgress } from '../../contract/extraction-workflow.ts';
import { resultContext } from '../../encryption/contexts.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { CardReaderPool } from '../../inference/card-reader/pool.ts';
import { readFirstCard } from '../../inference/documents/read-first-card.ts';
import { type BlobStore, readBlob } from '../../storage/blobs.ts';
import { heartbeatWhile } from '../heartbeat.ts';

/** Share of a card's time that has gone when a stage begins, as measured on upright cards. */
const FRACTIONS = { preparing: 0, reading: 0.15, assembling: 0.95 } as const;

export interface ReadCardDependencies {
  readonly pool: CardReaderPool;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
}

/**
 * Opens the image, reads the card in the pool's threads and seals the result with the record's data key, which is in
 * the blob's header: this process needs no database.
 */
export function createReadCard({ pool, blobs, keyring }: ReadCardDependencies): InferenceActivities['readCard'] {
  return async ({ extractionId, blob, rejectLowQuality }: ReadCardInput): Promise<ReadCardOutput> => {
    const context = Context.current();
    const startedAt = new Date().toISOString();
    const progress: { details: ReadCardProgress } = { details: { stage: 'preparing', fraction: 0 } };
    return heartbeatWhile(progress, async () => {
      const dataKey = keyring.unwrapDataKey(await blobs.wrappedKey(blob));
      const image = await readBlob(blobs, blob);
      const { result, timingsMs } = await readFirstCard(pool, image, {
        rejectLowQuality,
        signal: context.cancellationSignal,
        onStage: (stage) => {
          progress.details = { stage, fraction: FRACTIONS[stage] };
        },
      });
      return {
        sealedResult: Buffer.from(sealJson(dataKey, result, resultContext(extractionId))).toString('base64'),
        timings: { ...timingsMs, generate: 0 },
        attempt: context.info.attempt,
        startedAt,
      };
    });
  };
}
