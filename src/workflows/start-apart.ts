import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, type ChildWorkflowOptions, ParentClosePolicy, startChild } from '@temporalio/workflow';

/**
 * Starts a workflow that lives on without the one that starts it, also where that one is being cancelled; once, under
 * its id.
 */
export async function startApart<Input>(
  workflow: (input: Input) => Promise<unknown>,
  input: Input,
  options: Pick<ChildWorkflowOptions, 'priority' | 'workflowTaskTimeout'> & { readonly workflowId: string },
): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    try {
      await startChild(workflow, { ...options, args: [input], parentClosePolicy: ParentClosePolicy.ABANDON });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  });
}
