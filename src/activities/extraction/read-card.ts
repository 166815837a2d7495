import { Context } from '@temporalio/activity';
import type { InferenceActivities, ReadCardInput, ReadCardOutput } from '../../contract/extraction-activities.ts';
import type { ReadCardProgress } from '../../contract/extraction-workflow.ts';
import { resultContext } from '../../encryption/contexts.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { CardReaderPool, PoolReadOptions } from '../../inference/card-reader/pool.ts';
import type { CardReading } from '../../inference/card-reader/read-card.ts';
import { type PictureReader, readFirstCard } from '../../inference/documents/read-first-card.ts';
import { finishByModel, type ModelReaderOptions } from '../../inference/model-reader/model-reader.ts';
import { parseNik } from '../../ktp/rules/nik.ts';
import { type BlobStore, readBlob } from '../../storage/blobs.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import { storeUprightPicture } from './upright-picture.ts';

/** Share of a card's time that has gone when a stage begins, as measured on upright cards. */
const FRACTIONS = { preparing: 0, reading: 0.15, assembling: 0.95 } as const;

export interface ReadCardDependencies {
  readonly pool: CardReaderPool;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  /** The vision-language model of this process. */
  readonly model?: ModelReaderOptions;
}

/**
 * Opens the image, reads the card in the pool's threads and seals the result with the record's data key, which is in
 * the blob's header: this process needs no database.
 */
export function createReadCard({ pool, blobs, keyring, model }: ReadCardDependencies): InferenceActivities['readCard'] {
  return async ({
    extractionId,
    blob,
    keepUpright,
    rejectLowQuality,
    strategy,
  }: ReadCardInput): Promise<ReadCardOutput> => {
    const context = Context.current();
    const startedAt = new Date().toISOString();
    const progress: { details: ReadCardProgress } = { details: { stage: 'preparing', fraction: 0 } };
    return heartbeatWhile(progress, async () => {
      const wrappedKey = await blobs.wrappedKey(blob);
      const dataKey = keyring.unwrapDataKey(wrappedKey);
      const image = await readBlob(blobs, blob);
      // Of a document the page that shows the card: where the model's cut-outs lie.
      const reader: PictureReader<PoolReadOptions, CardReading & { readonly picture: Uint8Array }> = {
        read: async (bytes, options) => ({ ...(await pool.read(bytes, options)), picture: bytes }),
      };
      const {
        picture,
        quarterTurns,
        result: read,
        timingsMs,
      } = await readFirstCard(reader, image, {
        rejectLowQuality,
        signal: context.cancellationSignal,
        onStage: (stage) => {
          progress.details = { stage, fraction: FRACTIONS[stage] };
        },
      });
      const signal = context.cancellationSignal;
      const { generateMs, result } = await finishByModel(model, {
        result: read,
        image: picture,
        quarterTurns,
        strategy,
        signal,
      });
      const nik = result.fields.nik.value;
      const key = { dataKey, wrappedKey };
      const upright = keepUpright && (await storeUprightPicture(blobs, key, picture, quarterTurns));
      return {
        // What is no whole NIK can be asked for by nobody.
        ...(nik !== null && parseNik(nik) && { nikHash: keyring.subjectHash(nik) }),
        sealedResult: Buffer.from(sealJson(dataKey, result, resultContext(extractionId))).toString('base64'),
        timings: { ...timingsMs, generate: generateMs },
        attempt: context.info.attempt,
        startedAt,
        ...(upright !== undefined && { upright }),
      };
    });
  };
}
