import { Context } from '@temporalio/activity';
import { type BatchInputError, checkLine, type FileLine, splitLines } from '../../chat/batch-lines.ts';
import type { ChatBatchActivities } from '../../contract/chat-batch.ts';
import { KtpflowError } from '../../errors.ts';
import { LineSeal } from '../../storage/chat-batches.ts';
import { findFile } from '../../storage/files.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import type { ChatBatchDependencies } from './dependencies.ts';

const MEBIBYTE = 1024 * 1024;
const MAX_LINES = 50_000;
/** Faults that are shown of a file; who has made so many knows enough. */
const MAX_ERRORS = 100;
/** Rows written by one statement. */
const ROWS_AT_ONCE = 500;

/**
 * Checks the input file line by line and writes a row for each. One fault refuses the whole batch, as OpenAI does it:
 * nothing has run then, and the file can be put right.
 */
export function createValidateChatBatch(dependencies: ChatBatchDependencies): ChatBatchActivities['validateChatBatch'] {
  const { database } = dependencies;
  return ({ batchId }) =>
    heartbeatWhile({ details: null }, async () => {
      const batch = await database.chatBatch.findUnique({ where: { id: batchId } });
      if (!batch) return { accepted: false };
      // An attempt whose answer was lost has said it already.
      if (batch.status === 'failed') return { accepted: false };
      if (batch.status !== 'validating') return { accepted: true };
      const errors = await writeLines(dependencies, batch);
      if (errors.length > 0) {
        await database.chatBatchLine.deleteMany({ where: { batchId } });
        await database.chatBatch.updateMany({
          where: { id: batchId, status: 'validating' },
          data: { status: 'failed', finishedAt: new Date(), errors: errors.map((error) => ({ ...error })) },
        });
        return { accepted: false };
      }
      await database.chatBatch.updateMany({
        where: { id: batchId, status: 'validating' },
        data: { status: 'in_progress', inProgressAt: new Date() },
      });
      return { accepted: true };
    });
}

async function writeLines(
  { blobs, config, database, keyring }: ChatBatchDependencies,
  batch: ChatBatch,
): Promise<BatchInputError[]> {
  const { cancellationSignal } = Context.current();
  const seal = new LineSeal(keyring.unwrapDataKey(batch.wrappedKey), batch.id);
  const ofFile = (code: string, message: string): BatchInputError => ({ code, message, param: null, line: null });
  const errors: BatchInputError[] = [];
  const seen = new Set<string>();
  let rows: ReturnType<typeof rowOf>[] = [];
  const rowOf = (line: FileLine, customId: string) => ({
    batchId: batch.id,
    line: line.line,
    position: BigInt(line.position),
    length: line.length,
    sealedCustomId: seal.sealCustomId(line.line, customId),
  });
  const write = async () => {
    // What an attempt before this one has written is the same.
    if (errors.length === 0) await database.chatBatchLine.createMany({ data: rows, skipDuplicates: true });
    rows = [];
  };
  try {
    const file = await findFile(database, batch.tenant, batch.inputFileId);
    const source = await blobs.read(file.blob);
    for await (const line of splitLines(source, { maxBytes: config.MAX_JSON_MB * MEBIBYTE })) {
      cancellationSignal.throwIfAborted();
      const checked = checkLine(line, batch.endpoint, seen);
      if ('error' in checked) errors.push(checked.error);
      else rows.push(rowOf(line, checked.customId));
      if (seen.size > MAX_LINES) {
        errors.push(ofFile('too_many_tasks', `Batches must not exceed ${MAX_LINES} lines.`));
      }
      if (errors.length >= MAX_ERRORS || seen.size > MAX_LINES) break;
      if (rows.length >= ROWS_AT_ONCE) await write();
    }
  } catch (error) {
    if (!(error instanceof KtpflowError) || error.code !== 'not_found') throw error;
    return [ofFile('invalid_input_file', 'The input file is gone.')];
  }
  if (errors.length === 0 && seen.size === 0) errors.push(ofFile('empty_file', 'The input file holds no request.'));
  await write();
  return errors;
}
