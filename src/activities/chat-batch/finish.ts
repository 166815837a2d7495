import { Readable } from 'node:stream';
import type { ChatBatchActivities, ChatBatchEnd } from '../../contract/chat-batch.ts';
import {
  type CompletionUsage,
  countChatLines,
  type LineOutcome,
  LineSeal,
  OPEN_CHAT_BATCH,
  type ResponseUsage,
} from '../../storage/chat-batches.ts';
import { fileRow } from '../../storage/files.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import type { ChatBatchDependencies } from './dependencies.ts';
import { lineGenerationId, lineToken } from './line-ids.ts';
import { unansweredLine } from './line-outcome.ts';
import { removeAnswers } from './remove-answers.ts';

const PAGE = 200;
const DAY_MS = 24 * 60 * 60 * 1000;
/** More than a line is ever tried. */
const MAX_ATTEMPTS = 8;

/**
 * Writes the output and the error file, each in the order of the input, and then, in one step, the files' rows and the
 * end of the batch. Until then everything can be done again.
 */
export function createFinishChatBatch(dependencies: ChatBatchDependencies): ChatBatchActivities['finishChatBatch'] {
  const { config, database } = dependencies;
  return ({ batchId, end }) =>
    heartbeatWhile({ details: end }, async () => {
      const open = { id: batchId, status: { in: OPEN_CHAT_BATCH } };
      const batch = await database.chatBatch.findFirst({ where: open });
      // Finished by an attempt whose answer was lost.
      if (!batch) return;
      await database.chatBatch.updateMany({
        where: { id: batchId, status: { in: ['validating', 'in_progress'] } },
        data: { status: 'finalizing', finalizingAt: new Date() },
      });
      if (end !== 'completed') await removeUnfinished(dependencies, batchId);
      const counts = (await countChatLines(database, [batchId])).get(batchId);
      const usage = new UsageSum();
      const output = await writeFile(
        dependencies,
        batch,
        'output',
        outcomesOf(dependencies, batch, 'completed', end),
        usage,
      );
      const error = await writeFile(
        dependencies,
        batch,
        'error',
        outcomesOf(dependencies, batch, 'failed', end),
        usage,
      );
      const finishedAt = new Date();
      await database.$transaction(async (transaction) => {
        const { count } = await transaction.chatBatch.updateMany({
          where: open,
          data: {
            status: end,
            finishedAt,
            expiresAt: new Date(finishedAt.getTime() + config.FILES_RETENTION_DAYS * DAY_MS),
            outputFileId: output?.id ?? null,
            errorFileId: error?.id ?? null,
            counts: { ...(counts ?? { total: 0, completed: 0, failed: 0 }) },
            usage: usage.object(),
          },
        });
        if (count === 0) return;
        for (const file of [output, error]) if (file) await transaction.storedFile.create({ data: file });
        await transaction.chatBatchLine.deleteMany({ where: { batchId } });
      });
    });
}

/** Answers that were cancelled with their batch: nobody has taken them, nor their requests. */
async function removeUnfinished(dependencies: ChatBatchDependencies, batchId: string): Promise<void> {
  const { database, keyring } = dependencies;
  for (let after = 0; ; ) {
    const rows = await database.chatBatchLine.findMany({
      where: { batchId, line: { gt: after }, status: 'queued' },
      select: { line: true },
      orderBy: { line: 'asc' },
      take: PAGE,
    });
    const attempts = Array.from({ length: MAX_ATTEMPTS }, (_, index) => index + 1);
    const ids = rows.flatMap(({ line }) =>
      attempts.map((attempt) => lineGenerationId(lineToken(keyring, batchId, line, attempt))),
    );
    await removeAnswers(dependencies, ids);
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.line ?? after;
  }
}

/** The lines of one of the two files, a page in memory at a time. */
async function* outcomesOf(
  { database, keyring }: ChatBatchDependencies,
  batch: ChatBatch,
  status: 'completed' | 'failed',
  end: ChatBatchEnd,
): AsyncGenerator<LineOutcome, void> {
  const seal = new LineSeal(keyring.unwrapDataKey(batch.wrappedKey), batch.id);
  const unanswered = end === 'completed' ? 'failed' : end;
  const statuses = status === 'completed' ? ['completed'] : ['failed', 'queued'];
  for (let after = 0; ; ) {
    const rows = await database.chatBatchLine.findMany({
      where: { batchId: batch.id, line: { gt: after }, status: { in: statuses } },
      orderBy: { line: 'asc' },
      take: PAGE,
    });
    for (const row of rows) {
      if (row.sealedOutcome) {
        yield seal.outcome(row.line, row.sealedOutcome);
        continue;
      }
      const token = lineToken(keyring, batch.id, row.line, 0);
      yield unansweredLine({ customId: seal.customId(row), token }, unanswered);
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.line ?? after;
  }
}

/** @returns the row of the file, which is still to be written; null: there is nothing to say */
async function writeFile(
  { blobs, keyring }: ChatBatchDependencies,
  batch: ChatBatch,
  kind: 'output' | 'error',
  outcomes: AsyncGenerator<LineOutcome, void>,
  usage: UsageSum,
) {
  const first = await outcomes.next();
  if (first.done) return null;
  const written = async function* () {
    for (let next: IteratorResult<LineOutcome, void> = first; !next.done; next = await outcomes.next()) {
      usage.add(next.value.response?.body.usage);
      yield Buffer.from(`${JSON.stringify(next.value)}\n`);
    }
  };
  const key = keyring.createDataKey();
  const { blob, size } = await blobs.write(Readable.from(written()), key);
  return fileRow({
    tenant: batch.tenant,
    purpose: 'batch_output',
    name: `${batch.id}_${kind}.jsonl`,
    bytes: size,
    key,
    blob,
    keepSeconds: batch.outputSeconds,
  });
}

/** Tokens of all answers together, as OpenAI shows them for a batch. */
class UsageSum {
  #input = 0;
  #output = 0;
  #cached = 0;
  #reasoning = 0;

  add(usage: CompletionUsage | ResponseUsage | null | undefined): void {
    if (!usage) return;
    if ('input_tokens' in usage) {
      this.#input += usage.input_tokens;
      this.#output += usage.output_tokens;
      this.#cached += usage.input_tokens_details.cached_tokens;
      this.#reasoning += usage.output_tokens_details.reasoning_tokens;
      return;
    }
    this.#input += usage.prompt_tokens;
    this.#output += usage.completion_tokens;
    this.#cached += usage.prompt_tokens_details.cached_tokens;
    this.#reasoning += usage.completion_tokens_details.reasoning_tokens;
  }

  object() {
    return {
      input_tokens: this.#input,
      input_tokens_details: { cached_tokens: this.#cached },
      output_tokens: this.#output,
      output_tokens_details: { reasoning_tokens: this.#reasoning },
      total_tokens: this.#input + this.#output,
    };
  }
}
