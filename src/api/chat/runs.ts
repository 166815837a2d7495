import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Generation } from '../../chat/generation.ts';
import { CHAT_COMPLETION_WORKFLOW, type ChatCompletionInput, chatWorkflowId } from '../../contract/chat-workflow.ts';
import { INTERACTIVE_PRIORITY } from '../../contract/task-queues.ts';
import type { StreamRun } from '../../stream-history/stream-history.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import type { ApiContext } from '../context.ts';
import { startWorkflow } from '../intake/start-workflow.ts';

/** A Temporal that restarts is back within this; one that is down is told of after it. */
const DEADLINE_MS = 5_000;

type WithTemporal = Pick<ApiContext, 'temporal'>;

/** The newest run of a session's workflow. */
export interface DescribedRun {
  readonly run: StreamRun;
  readonly generation: Generation;
  /** null while it is open. */
  readonly closedAt: Date | null;
}

export interface StartRunOptions {
  readonly tenant: string;
  readonly sessionHash: string;
  readonly generation: Generation;
  readonly input: ChatCompletionInput;
}

/**
 * Starts an answer; the atomic step among all that may be starting one for this session.
 * @returns null where the session has another open run @throws UnknownStartError, errors of the Temporal client
 */
export async function startRun(
  context: Pick<ApiContext, 'keyring' | 'temporal' | 'workerClient'>,
  { generation, input, sessionHash, tenant }: StartRunOptions,
): Promise<StreamRun | null> {
  const workflowId = chatWorkflowId(sessionHash);
  try {
    const handle = await startWorkflow(context, CHAT_COMPLETION_WORKFLOW, {
      workflowId,
      // One whose answer was lost is found again by it, also when the run has ended meanwhile.
      requestId: generation.id,
      input,
      tenant,
      priorityKey: INTERACTIVE_PRIORITY,
      // With the default of 10 s a killed worker would hold the stream up for as long.
      workflowTaskTimeout: '2 seconds',
      mayFollowAnother: true,
      memo: { generation },
    });
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** @returns null where the session has no run that Temporal remembers @throws errors of the Temporal client */
export async function describeRun({ temporal }: WithTemporal, sessionHash: string): Promise<DescribedRun | null> {
  const workflowId = chatWorkflowId(sessionHash);
  const handle = temporal.workflow.getHandle(workflowId);
  try {
    const description = await temporal.withDeadline(Date.now() + DEADLINE_MS, () => handle.describe());
    return {
      run: { workflowId, runId: description.runId },
      // Written by startRun.
      generation: description.memo?.generation as Generation,
      closedAt: description.closeTime ?? null,
    };
  } catch (error) {
    if (isTemporalNotFound(error)) return null;
    throw error;
  }
}

/** Asks for cancellation; an ended run stays as it is. @throws errors of the Temporal client */
export async function cancelRun({ temporal }: WithTemporal, { runId, workflowId }: StreamRun): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId, runId);
  try {
    await temporal.withDeadline(Date.now() + DEADLINE_MS, () => handle.cancel());
  } catch (error) {
    if (!isTemporalNotFound(error)) throw error;
  }
}

/** Ends a run that nobody can know of, and its history with it. @throws errors of the Temporal client */
export async function eraseRun({ temporal }: WithTemporal, { runId, workflowId }: StreamRun): Promise<void> {
  const { namespace } = temporal.options;
  const handle = temporal.workflow.getHandle(workflowId, runId);
  try {
    await temporal.withDeadline(Date.now() + DEADLINE_MS, async () => {
      await handle.terminate('nobody was told of this answer').catch(ignoreMissing);
      await temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } });
    });
  } catch (error) {
    ignoreMissing(error);
  }
}

function ignoreMissing(error: unknown): void {
  if (!isTemporalNotFound(error)) throw error;
}
