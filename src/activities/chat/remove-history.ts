import { Context } from '@temporalio/activity';
import { isTemporalNotFound } from '../../temporal-errors.ts';

/**
 * Has Temporal forget a run, the newest one unless `runId` names another; what it does not know is no error. One that
 * still goes on is ended by it. Must be called by an activity. @throws errors of the Temporal client
 */
export async function removeHistory(workflowExecution: {
  readonly workflowId: string;
  readonly runId?: string;
}): Promise<void> {
  const { client, info } = Context.current();
  try {
    await client.workflowService.deleteWorkflowExecution({
      namespace: info.workflowNamespace ?? client.options.namespace,
      workflowExecution,
    });
  } catch (error) {
    if (!isTemporalNotFound(error)) throw error;
  }
}
