import { Readable } from 'node:stream';
import type { Generation } from '../../chat/generation.ts';
import type { ChatBatchActivities, PreparedLine } from '../../contract/chat-batch.ts';
import { checkOcrRequest, requireModel, taskQueueOf } from '../../contract/chat-models.ts';
import { KtpflowError } from '../../errors.ts';
import type { ResponseSettings } from '../../responses/response-object.ts';
import type { BlobReader } from '../../storage/blobs.ts';
import { LineSeal, storeLineOutcome } from '../../storage/chat-batches.ts';
import { generationRow, KEPT_BY_BATCH } from '../../storage/chat-sessions.ts';
import { findFile } from '../../storage/files.ts';
import type { ChatBatch, ChatBatchLine } from '../../storage/generated/client.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import type { ChatBatchDependencies } from './dependencies.ts';
import { lineGenerationId, lineToken } from './line-ids.ts';
import { refusedLine } from './line-outcome.ts';
import { type LineRequest, readLineRequest } from './line-request.ts';
import { removeAnswers } from './remove-answers.ts';

/** Requests written at once: flushing one to the disk takes longer than checking it. */
const CONCURRENCY = 4;

/**
 * Makes lines ready to run, as the API does with an interactive request: the request as an encrypted blob, a row for the
 * answer. Ids are made from batch, line and attempt, so that a repeat finds what is there.
 */
export function createPrepareLines(
  dependencies: ChatBatchDependencies,
): Pick<ChatBatchActivities, 'prepareChatLines' | 'prepareChatLine'> {
  const { blobs, database, keyring } = dependencies;

  const prepareAll = async (batch: ChatBatch, rows: readonly ChatBatchLine[], attempt: number) => {
    const input = await openInput(batch);
    const prepared: PreparedLine[] = [];
    try {
      for (let start = 0; start < rows.length; start += CONCURRENCY) {
        const some = rows.slice(start, start + CONCURRENCY);
        const lines = await Promise.all(some.map((row) => prepare(dependencies, batch, { input, row, attempt })));
        prepared.push(...lines.filter((line) => line !== null));
      }
    } finally {
      await input?.close();
    }
    return prepared;
  };

  /** null: it was deleted meanwhile. */
  const openInput = async (batch: ChatBatch): Promise<BlobReader | null> => {
    try {
      return await blobs.open((await findFile(database, batch.tenant, batch.inputFileId)).blob);
    } catch (error) {
      if (error instanceof KtpflowError && error.code === 'not_found') return null;
      throw error;
    }
  };

  return {
    prepareChatLines: ({ batchId, after, limit }) =>
      heartbeatWhile({ details: after }, async () => {
        const batch = await database.chatBatch.findUnique({ where: { id: batchId } });
        if (!batch) return { lines: [], last: after, more: false };
        const rows = await database.chatBatchLine.findMany({
          where: { batchId, status: 'queued', line: { gt: after } },
          orderBy: { line: 'asc' },
          take: limit,
        });
        const lines = await prepareAll(batch, rows, 1);
        return { lines, last: rows.at(-1)?.line ?? after, more: rows.length === limit };
      }),

    prepareChatLine: ({ batchId, line, attempt }) =>
      heartbeatWhile({ details: line }, async () => {
        const batch = await database.chatBatch.findUnique({ where: { id: batchId } });
        const row = await database.chatBatchLine.findFirst({ where: { batchId, line, status: 'queued' } });
        if (!batch || !row) return null;
        await removeAnswers(dependencies, [lineGenerationId(lineToken(keyring, batchId, line, attempt - 1))]);
        return (await prepareAll(batch, [row], attempt))[0] ?? null;
      }),
  };
}

interface LineToPrepare {
  readonly input: BlobReader | null;
  readonly row: ChatBatchLine;
  readonly attempt: number;
}

/** @returns null where the line has its outcome now: its request is not valid */
async function prepare(
  dependencies: ChatBatchDependencies,
  batch: ChatBatch,
  { input, row, attempt }: LineToPrepare,
): Promise<PreparedLine | null> {
  const { config, database, keyring } = dependencies;
  const { line } = row;
  try {
    if (!input) throw new KtpflowError('not_found', 'The input file of the batch is gone.');
    const bytes = await input.read(Number(row.position), row.length);
    const asked = readLineRequest(batch.endpoint, bytes);
    requireModel(config, asked.request.model);
    checkOcrRequest(asked.request);
    if (asked.settings) await keepSettings(dependencies, batch, line, asked.settings);
    return await writeGeneration(dependencies, batch, { ...asked, line, attempt });
  } catch (error) {
    if (!(error instanceof KtpflowError) || error.retryable) throw error;
    const seal = new LineSeal(keyring.unwrapDataKey(batch.wrappedKey), batch.id);
    const token = lineToken(keyring, batch.id, line, attempt);
    const { status, outcome } = refusedLine({ customId: seal.customId(row), token }, error);
    await storeLineOutcome(database, batch.id, line, { status, sealed: seal.sealOutcome(line, outcome) });
    return null;
  }
}

/** Until the answer is there, which repeats them: the input file may be gone by then. */
async function keepSettings(
  { database, keyring }: ChatBatchDependencies,
  { id, wrappedKey }: ChatBatch,
  line: number,
  settings: ResponseSettings,
): Promise<void> {
  const sealedSettings = new LineSeal(keyring.unwrapDataKey(wrappedKey), id).sealSettings(line, settings);
  await database.chatBatchLine.updateMany({ where: { batchId: id, line }, data: { sealedSettings } });
}

interface NumberedRequest extends LineRequest {
  readonly line: number;
  readonly attempt: number;
}

async function writeGeneration(
  dependencies: ChatBatchDependencies,
  batch: ChatBatch,
  { line, attempt, body, request }: NumberedRequest,
): Promise<PreparedLine> {
  const { blobs, database, keyring } = dependencies;
  const token = lineToken(keyring, batch.id, line, attempt);
  const id = lineGenerationId(token);
  const sessionHash = keyring.hmac('session of a line', batch.tenant, token);
  const taskQueue = taskQueueOf(request.model);
  // Of an attempt at this activity whose answer was lost.
  const known = await database.chatGeneration.findUnique({ where: { id }, select: { blob: true, createdAt: true } });
  const generation: Generation = {
    id,
    ordinal: 1,
    firstIndex: 0,
    usageEvent: false,
    model: request.model,
    createdAt: (known?.createdAt ?? new Date()).getTime(),
    bodyHash: keyring.hmac('line body', batch.id, String(line)),
    idempotencyHash: null,
  };
  const prepared = { line, attempt, generation, sessionHash, taskQueue };
  if (known?.blob) return { ...prepared, blob: known.blob };
  const key = keyring.createDataKey();
  const { blob } = await blobs.write(Readable.from([Buffer.from(JSON.stringify(body))]), key);
  await database.chatGeneration.create({
    data: generationRow({
      generation,
      tenant: batch.tenant,
      sessionHash,
      wrappedKey: key.wrappedKey,
      blob,
      keepSeconds: KEPT_BY_BATCH,
    }),
  });
  return { ...prepared, blob };
}
