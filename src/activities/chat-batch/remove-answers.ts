import { Context } from '@temporalio/activity';
import { isGrpcServiceError } from '@temporalio/client';
import { chatWorkflowId } from '../../contract/chat-workflow.ts';
import type { ChatBatchDependencies } from './dependencies.ts';

const NOT_FOUND = 5;

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
  await Promise.all(rows.map(({ sessionHash }) => removeHistory(sessionHash)));
  await Promise.all(rows.map(async ({ blob }) => blob !== null && blobs.delete(blob)));
  await database.chatGeneration.deleteMany({ where: { id: { in: rows.map(({ id }) => id) } } });
}

async function removeHistory(sessionHash: string): Promise<void> {
  const { client, info } = Context.current();
  try {
    await client.workflowService.deleteWorkflowExecution({
      namespace: info.workflowNamespace ?? client.options.namespace,
      workflowExecution: { workflowId: chatWorkflowId(sessionHash) },
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== NOT_FOUND) throw error;
  }
}
