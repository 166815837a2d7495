import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { ChatBatchActivities, ChatBatchEnd, ChatBatchInput } from '../../contract/chat-batch.ts';
import { ChatLines } from './chat-lines.ts';

const { validateChatBatch, finishChatBatch } = proxyActivities<ChatBatchActivities>({
  startToCloseTimeout: '1 hour',
  // A database that is down comes back; the batch waits for it.
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/**
 * Answers the requests of an input file, a window of them at a time, each by a chat completion of its own, until all are
 * done, the window of the batch has ended or somebody cancels it. Knows nothing but where it is.
 */
export async function chatBatchWorkflow(input: ChatBatchInput): Promise<void> {
  const { batchId } = input;
  const lines = new ChatLines(input);
  let end: ChatBatchEnd = 'completed';
  let position: number | null = null;
  try {
    position = await CancellationScope.withTimeout(Math.max(1, input.deadline - Date.now()), async () => {
      if (input.after === null && !(await validateChatBatch({ batchId })).accepted) return REFUSED;
      return lines.runAll();
    });
  } catch (error) {
    // With a dead worker a cancellation arrives as an activity's time-out: what was asked for decides.
    if (CancellationScope.current().consideredCancelled) end = 'cancelled';
    else end = isCancellation(error) || Date.now() >= input.deadline ? 'expired' : 'failed';
  }
  if (position === REFUSED) return;
  if (position !== null) await continueAsNew<typeof chatBatchWorkflow>({ ...input, after: position });
  await CancellationScope.nonCancellable(async () => {
    await lines.settled();
    await finishChatBatch({ batchId, end });
  });
  if (end === 'cancelled') throw new CancelledFailure('the batch was cancelled');
}

/** No position: the input file was refused. */
const REFUSED = -1;
