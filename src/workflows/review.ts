import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import {
  type CloseReviewInput,
  decideUpdate,
  type ReviewActivities,
  type ReviewEnd,
  type ReviewInput,
  reviewWorkflowId,
} from '../contract/review.ts';
import { startApart } from './start-apart.ts';
import { startWebhook } from './webhook.ts';

const { closeReview } = proxyActivities<ReviewActivities>({
  startToCloseTimeout: '1 minute',
  // A database that is down comes back; the decision waits for it.
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/**
 * A card that waits for a person: until the first decision, the deadline, or a cancellation. In a workflow of its own,
 * so that a single card and one of ten thousand wait in the same way, and a batch is done when its cards are read.
 */
export async function reviewWorkflow(input: ReviewInput): Promise<ReviewEnd> {
  const { deadline, extractionId, round, webhook } = input;
  let decisionId: string | null = null;
  let reason: CloseReviewInput['reason'] | null = null;
  let end: ReviewEnd | null = null;
  setHandler(
    decideUpdate,
    async (decision) => {
      decisionId ??= decision.decisionId;
      // An update that was accepted is answered, also where the wait is being cancelled.
      await CancellationScope.nonCancellable(() => condition(() => end !== null));
      return end ?? { outcome: null, decisionId: null };
    },
    {
      validator: (decision) => {
        if (decisionId === decision.decisionId) return;
        if (decisionId !== null || reason !== null) {
          throw ApplicationFailure.nonRetryable('The card was decided.', 'review_decided');
        }
      },
    },
  );
  try {
    await condition(() => decisionId !== null, Math.max(1, Date.parse(deadline) - Date.now()));
    reason = decisionId === null ? 'timeout' : { decisionId };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    reason = decisionId === null ? 'cancelled' : { decisionId };
  }
  const last = reason;
  return await CancellationScope.nonCancellable(async () => {
    const closed = await closeReview({ extractionId, round, reason: last });
    end = closed;
    if (closed.outcome !== null) await startWebhook(webhook);
    await condition(allHandlersFinished);
    return closed;
  });
}

/** Lets a card wait that was stored as waiting, unless a decision came before us and has started it. */
export function startReview(input: ReviewInput): Promise<void> {
  return startApart(reviewWorkflow, input, {
    workflowId: reviewWorkflowId(input.extractionId),
    // A decision is waited for by a person: a killed worker must not hold it up for long.
    workflowTaskTimeout: '2 seconds',
  });
}
