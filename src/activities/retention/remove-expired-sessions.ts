import { chatWorkflowId, streamLogWorkflowId } from '../../contract/chat-workflow.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { type ExpiredGeneration, expiredGenerations, removeGeneration } from '../../storage/chat-sessions.ts';
import type { Database } from '../../storage/database.ts';
import { removeHistory } from '../chat/remove-history.ts';
import { reportProgress } from './report-progress.ts';

const PAGE = 200;

/**
 * Removes answers past their expiry: the history, which holds the text, the request and the row with the transcript
 * and the data key. Must be called by an activity. @returns how many
 */
export async function removeExpiredSessions(database: Database, blobs: BlobStore, now: Date): Promise<number> {
  let removed = 0;
  for (;;) {
    const page = await expiredGenerations(database, now, PAGE);
    for (const generation of page) {
      // Temporal comes first: were it away after the row is gone, nobody would know of the history.
      await removeHistories(generation);
      if (generation.blob) await blobs.delete(generation.blob);
      await removeGeneration(database, generation.id);
      reportProgress(++removed);
    }
    if (page.length < PAGE) return removed;
  }
}

/**
 * The run's history and that of its log. An answer that was never stored has no run that we know of; Temporal's own
 * retention takes what it may have.
 */
async function removeHistories({ id, runId, sessionHash }: ExpiredGeneration): Promise<void> {
  if (runId === null) return;
  await removeHistory({ workflowId: chatWorkflowId(sessionHash), runId });
  await removeHistory({ workflowId: streamLogWorkflowId(id) });
}
