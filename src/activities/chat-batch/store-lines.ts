import { Context } from '@temporalio/activity';
import type { StreamView } from '../../chat/stream-log.ts';
import type { ChatBatchActivities, EndedLine } from '../../contract/chat-batch.ts';
import { LineSeal, storeLineOutcome } from '../../storage/chat-batches.ts';
import { type KeyedRun, readStream, StreamGoneError } from '../../stream-history/stream-history.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import type { ChatBatchDependencies } from './dependencies.ts';
import { answeredLine } from './line-outcome.ts';
import { removeAnswers } from './remove-answers.ts';

const LOST: StreamView = { pieces: [], end: null };

/**
 * Keeps the answers of some lines, sealed with the batch's own key, until they stand in its output files. What answered
 * them is removed then, histories included.
 */
export function createStoreChatLines(dependencies: ChatBatchDependencies): ChatBatchActivities['storeChatLines'] {
  const { database, keyring } = dependencies;
  return ({ batchId, lines }) =>
    heartbeatWhile({ details: lines.length }, async () => {
      const batch = await database.chatBatch.findUnique({ where: { id: batchId }, select: { wrappedKey: true } });
      if (!batch) return;
      const seal = new LineSeal(keyring.unwrapDataKey(batch.wrappedKey), batchId);
      const numbers = lines.map(({ line }) => line);
      const rows = await database.chatBatchLine.findMany({
        where: { batchId, line: { in: numbers }, status: 'queued' },
        select: { line: true, sealedCustomId: true, sealedSettings: true },
      });
      const generations = await database.chatGeneration.findMany({
        where: { id: { in: lines.map(({ generation }) => generation.id) } },
        select: { id: true, wrappedKey: true },
      });
      const keys = new Map(generations.map(({ id, wrappedKey }) => [id, wrappedKey]));
      const store = async (row: (typeof rows)[number]): Promise<void> => {
        const ended = lines.find(({ line }) => line === row.line);
        if (!ended) return;
        const token = ended.generation.id.replace('gen_', '');
        const key = keys.get(ended.generation.id);
        const view = key ? await readAnswer({ ...ended, dataKey: keyring.unwrapDataKey(key) }) : LOST;
        const named = { customId: seal.customId(row), token };
        const { status, outcome } = answeredLine(named, ended.generation, view, seal.settings(row));
        await storeLineOutcome(database, batchId, row.line, { status, sealed: seal.sealOutcome(row.line, outcome) });
      };
      await Promise.all(rows.map(store));
      await removeAnswers(
        dependencies,
        lines.map(({ generation }) => generation.id),
      );
    });
}

async function readAnswer(ended: EndedLine & KeyedRun): Promise<StreamView> {
  const { client, info } = Context.current();
  const source = {
    connection: client.connection,
    namespace: info.workflowNamespace ?? client.options.namespace,
    dataConverter: client.options.loadedDataConverter,
  };
  try {
    return await readStream(source, ended);
  } catch (error) {
    // The worker was away for longer than Temporal keeps histories.
    if (error instanceof StreamGoneError) return LOST;
    throw error;
  }
}
