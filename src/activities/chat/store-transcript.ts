import { Context } from '@temporalio/activity';
import { joinPieces } from '../../chat/piece-text.ts';
import { StreamLog, type StreamView } from '../../chat/stream-log.ts';
import type { Config } from '../../config.ts';
import type { TranscriptActivities } from '../../contract/chat-activities.ts';
import type { StoreTranscriptInput } from '../../contract/chat-workflow.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { findNiks } from '../../ktp/rules/find-niks.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { forgetRequestBlob, outcomeOf, storeTranscript } from '../../storage/chat-sessions.ts';
import type { Database } from '../../storage/database.ts';
import { linkAnswers, type SubjectLink } from '../../storage/subject-records.ts';
import { followStream, StreamGoneError } from '../../stream-history/stream-history.ts';

export interface StoreTranscriptDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly config: Pick<Config, 'PERSIST_SESSIONS' | 'SESSIONS_TTL_SECONDS'>;
  readonly metrics?: Pick<Metrics, 'generationFinished' | 'tokensUsed'>;
}

/**
 * Reads an ended stream from its workflow's history and keeps it, sealed with the record's data key, from where it is
 * replayed when Temporal is away or has forgotten. The request goes: nobody needs it any more.
 */
export function createStoreTranscript(
  dependencies: StoreTranscriptDependencies,
): TranscriptActivities['storeTranscript'] {
  const { blobs, config, database, keyring, metrics } = dependencies;
  return async (input: StoreTranscriptInput) => {
    const { cancellationSignal, client, info } = Context.current();
    const source = {
      connection: client.connection,
      namespace: info.workflowNamespace ?? client.options.namespace,
      dataConverter: client.options.loadedDataConverter,
    };
    const row = await database.chatGeneration.findUnique({
      where: { id: input.generationId },
      select: { wrappedKey: true },
    });
    // Somebody erased it; there is nothing to keep, and nothing that could be read.
    if (!row) return;
    const run = { ...input, dataKey: keyring.unwrapDataKey(row.wrappedKey) };
    const view = new StreamLog();
    let finishedAt = new Date();
    try {
      for await (const batch of followStream(source, run, cancellationSignal)) {
        for (const record of batch.records) view.accept(record);
        if (!batch.closed) continue;
        view.close(batch.closed.end);
        finishedAt = batch.closed.at;
      }
    } catch (error) {
      // Erased meanwhile.
      if (error instanceof StreamGoneError) return;
      throw error;
    }
    cancellationSignal.throwIfAborted();
    const { blob } = await storeTranscript(database, keyring, input.generationId, {
      view,
      runId: input.runId,
      finishedAt,
      keepSeconds: config.PERSIST_SESSIONS ? config.SESSIONS_TTL_SECONDS : 0,
    });
    await linkAnswers(database, subjectLinks(keyring, input.generationId, view));
    if (blob === null) return;
    await blobs.delete(blob);
    await forgetRequestBlob(database, input.generationId);
    metrics?.generationFinished(outcomeOf(view));
    const usage = view.end?.type === 'finish' ? view.end.usage : null;
    if (usage) metrics?.tokensUsed(usage.promptTokens, usage.completionTokens);
  };
}

/** Whom an answer concerns: those whose NIK stands in it, as it does where `ktp-ocr` has read a card. */
function subjectLinks(keyring: Keyring, record: string, { pieces }: StreamView): SubjectLink[] {
  const niks = findNiks(joinPieces(pieces).content);
  return niks.map((nik) => ({ nikHash: keyring.subjectHash(nik), record }));
}
