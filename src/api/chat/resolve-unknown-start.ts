import type { BlobReference } from '../../contract/blob-reference.ts';
import { streamLogWorkflowId, transcriptWorkflowId } from '../../contract/chat-workflow.ts';
import { isFinished, removeGeneration, removeUnfinished } from '../../storage/chat-sessions.ts';
import type { StreamRun } from '../../stream-history/stream-history.ts';
import type { RouteContext } from '../context.ts';
import { hasRun, resolveLater } from '../intake/start-once.ts';
import { describeRun, eraseRun } from './runs.ts';

type ResolveContext = Pick<RouteContext, 'blobs' | 'closing' | 'database' | 'logger' | 'temporal'>;

export interface UnknownAnswer {
  readonly id: string;
  readonly sessionHash: string;
  /** The caller was told no id of the session, and cannot come back. */
  readonly isNewSession: boolean;
  readonly blob: BlobReference;
}

/**
 * Asks for a while what came of an answer whose start nobody knows the outcome of. Its row stays meanwhile: by it a
 * repeat, a cancel and the removal of what was abandoned find the run, if there is one. One of a session that nobody was
 * told of would go on for nobody, and is ended.
 */
export function resolveUnknownStart(context: ResolveContext, answer: UnknownAnswer): Promise<void> {
  const { blobs, database, temporal } = context;
  const { blob, id, isNewSession, sessionHash } = answer;
  let run: StreamRun | undefined;
  return resolveLater(context, {
    ask: async () => {
      const newest = await describeRun(context, sessionHash);
      run = newest?.generation.id === id ? newest.run : undefined;
      // Another answer of the session may have followed it since.
      return (
        run !== undefined || (await isFinished(database, id)) || (await hasRun(temporal, transcriptWorkflowId(id)))
      );
    },
    found: async () => {
      if (!isNewSession || !run) return;
      await eraseRun(context, run);
      await eraseRun(context, { workflowId: streamLogWorkflowId(id), runId: '' });
      await removeGeneration(database, id);
      await blobs.delete(blob);
    },
    missing: async () => {
      if (await removeUnfinished(database, id)) await blobs.delete(blob);
    },
  });
}
