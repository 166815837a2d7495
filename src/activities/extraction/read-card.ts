import { Context } from '@temporalio/activity';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type {
  InferenceActivities,
  ReadCardInput,
  ReadCardOutput,
  TokenCounts,
} from '../../contract/extraction-activities.ts';
import type { ReadCardProgress } from '../../contract/extraction-workflow.ts';
import { resultContext } from '../../encryption/contexts.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { sealJson } from '../../encryption/keyring.ts';
import type { CardReaderPool, PoolReadOptions } from '../../inference/card-reader/pool.ts';
import { type FoundReading, readAllCards } from '../../inference/documents/read-all-cards.ts';
import { type PictureReader, readFirstCard } from '../../inference/documents/read-first-card.ts';
import { finishByModel, type ModelReaderOptions } from '../../inference/model-reader/model-reader.ts';
import { type ConfidenceTable, withConfidenceTable } from '../../ktp/confidence-table.ts';
import { parseNik } from '../../ktp/rules/nik.ts';
import { inSpan } from '../../observability/tracing/spans.ts';
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
  /** What confidences are worth on the operator's own cards. */
  readonly confidenceTable?: ConfidenceTable | undefined;
}

/**
 * Opens the image, reads the card in the pool's threads and seals the result with the record's data key, which is in
 * the blob's header: this process needs no database.
 */
export function createReadCard({
  pool,
  blobs,
  confidenceTable,
  keyring,
  model,
}: ReadCardDependencies): InferenceActivities['readCard'] {
  return async ({
    extractionId,
    blob,
    cards,
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
      const signal = context.cancellationSignal;
      const options: PoolReadOptions = {
        rejectLowQuality,
        signal,
        onStage: (stage) => {
          progress.details = { stage, fraction: FRACTIONS[stage] };
        },
      };
      const found = await inSpan(
        { name: 'read ppocr', kind: 'internal', attributes: { engine: 'ppocr' } },
        async (span) => {
          const read = cards === 'all' ? await readAllCards(pool, image, options) : [await readFirst(image, options)];
          const total = (stage: 'prepare' | 'ocr' | 'assemble') =>
            read.reduce((sum, { reading }) => sum + reading.timingsMs[stage], 0);
          span?.set({ prepareMs: total('prepare'), ocrMs: total('ocr'), assembleMs: total('assemble') });
          return read;
        },
      );
      const nikHashes = new Set<string>();
      let usage: TokenCounts | null = null;
      const timings = { prepare: 0, ocr: 0, assemble: 0, generate: 0 };
      const [sealedResult = '', ...sealedOthers] = await inTurn(found, async ({ picture, reading }) => {
        const { quarterTurns, result: read, timingsMs } = reading;
        const asked = { result: read, image: picture, quarterTurns, strategy, signal };
        const { generateMs, result: finished, usage: spent } = await finishByModel(model, asked);
        // Last: what the model is asked is chosen by the confidences that are built in.
        const result = withConfidenceTable(finished, confidenceTable);
        timings.prepare += timingsMs.prepare;
        timings.ocr += timingsMs.ocr;
        timings.assemble += timingsMs.assemble;
        timings.generate += generateMs;
        if (spent) usage = sumOf(usage, spent);
        const nik = result.fields.nik.value;
        // What is no whole NIK can be asked for by nobody.
        if (nik !== null && parseNik(nik)) nikHashes.add(keyring.subjectHash(nik));
        return Buffer.from(sealJson(dataKey, result, resultContext(extractionId))).toString('base64');
      });
      const upright = keepUpright && (await keepFirst(found, { dataKey, wrappedKey }));
      return {
        sealedResult,
        ...(sealedOthers.length > 0 && { sealedOthers }),
        ...(nikHashes.size > 0 && { nikHashes: [...nikHashes] }),
        timings,
        ...(usage !== null && { usage }),
        attempt: context.info.attempt,
        startedAt,
        ...(upright !== undefined && { upright }),
      };
    });
  };

  /** For a person to look at. */
  async function keepFirst(
    [first]: readonly FoundReading[],
    key: { readonly dataKey: Uint8Array; readonly wrappedKey: Uint8Array },
  ): Promise<BlobReference | undefined> {
    return first && storeUprightPicture(blobs, key, first.picture, first.reading.quarterTurns);
  }

  /** Of a document the page that shows the card: where the model's cut-outs lie. */
  async function readFirst(bytes: Uint8Array, options: PoolReadOptions): Promise<FoundReading> {
    const reader: PictureReader<PoolReadOptions, FoundReading> = {
      read: async (picture, given) => ({ reading: await pool.read(picture, given), picture }),
    };
    return readFirstCard(reader, bytes, options);
  }
}

function sumOf(sum: TokenCounts | null, { completionTokens, promptTokens }: TokenCounts): TokenCounts {
  return {
    promptTokens: (sum?.promptTokens ?? 0) + promptTokens,
    completionTokens: (sum?.completionTokens ?? 0) + completionTokens,
  };
}

/** One after the other: a model answers no sooner for being asked twice. */
async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
