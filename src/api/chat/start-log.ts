import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { STREAM_LOG_WORKFLOW, streamLogWorkflowId } from '../../contract/chat-workflow.ts';
import { INTERACTIVE_PRIORITY, STREAM_LOG_TASK_QUEUE } from '../../contract/task-queues.ts';
import type { ApiContext } from '../context.ts';
import { startWorkflow } from '../intake/start-workflow.ts';

/**
 * Starts the log of a stream: a run that is never run. Its start is delayed for as long as it may last, and nobody polls
 * its queue, so that a record costs Temporal one event instead of a workflow task beside it; it closes when its
 * transcript was stored, or by its time-out.
 * @returns the log's workflow id, for the run whose answer is recorded there
 * @throws UnknownStartError, errors of the Temporal client: there may be a log, which holds nothing
 */
export async function startLog(
  context: Pick<ApiContext, 'keyring' | 'temporal' | 'workerClient'>,
  { generationId, tenant }: { readonly generationId: string; readonly tenant: string },
): Promise<string> {
  const workflowId = streamLogWorkflowId(generationId);
  try {
    await startWorkflow(context, STREAM_LOG_WORKFLOW, {
      workflowId,
      requestId: generationId,
      input: {},
      tenant,
      priorityKey: INTERACTIVE_PRIORITY,
      workflowTaskTimeout: '10 seconds',
      mayFollowAnother: false,
      taskQueue: STREAM_LOG_TASK_QUEUE,
      startDelay: '1 day',
      workflowExecutionTimeout: '1 day',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return workflowId;
}
