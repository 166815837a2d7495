import { chatWorkflowId } from '../../contract/chat-workflow.ts';
import { removeHistory } from '../chat/remove-history.ts';
import type { ChatBatchDependencies } from './dependencies.ts';

/**
 * Removes what answered lines: history, request and row. Ids without a row are no error. An answer that still runs is
 * ended by it.
 */
export async function removeAnswers(
  { blobs, database }: ChatBatchDependencies,
  generationIds: readonly string[],
): Promise<void> {
  const rows = await database.chatGeneration.findMany({
    where: { id: { in: [...generationIds] } },
    select: { id: true, sessionHash: true, blob: true },
  });
  // Temporal comes first: were it away after the rows are gone, nobody would know of the histories.
  await Promise.all(rows.map(({ sessionHash }) => removeHistory({ workflowId: chatWorkflowId(sessionHash) })));
  await Promise.all(rows.map(async ({ blob }) => blob !== null && blobs.delete(blob)));
  await database.chatGeneration.deleteMany({ where: { id: { in: rows.map(({ id }) => id) } } });
}
