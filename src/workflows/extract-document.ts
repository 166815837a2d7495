import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ExtractionOutcome, InferenceActivities, WorkerActivities } from '../contract/extraction-activities.ts';
import {
  type ExtractDocumentInput,
  type ExtractDocumentOutput,
  type ExtractionFailure,
  type ExtractionState,
  stateQuery,
} from '../contract/extraction-workflow.ts';
import { INFERENCE_TASK_QUEUE, INTERACTIVE_PRIORITY } from '../contract/task-queues.ts';
import { isErrorCode } from '../errors.ts';
import { startReview } from './review.ts';
import { storeResult } from './store-patiently.ts';
import { startWebhook } from './webhook.ts';

/** How often a card is tried at most: a picture that kills the process each time must come to an end. */
const MAXIMUM_READ_ATTEMPTS = 5;

/** Options of `readCard`, for single cards; a batch has fewer attempts and more time to wait. */
export const READ_CARD_OPTIONS = {
  taskQueue: INFERENCE_TASK_QUEUE,
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '1 day',
  // A killed inference process is noticed within this.
  heartbeatTimeout: '4 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: '200 milliseconds',
    maximumInterval: '30 seconds',
    maximumAttempts: MAXIMUM_READ_ATTEMPTS,
  },
} as const satisfies ActivityOptions;

/** A sheet has ten cards, a document twenty pages. */
export const ALL_CARDS_OPTIONS = { startToCloseTimeout: '10 minutes' } as const satisfies ActivityOptions;

/** What differs between a single card and an item of a batch. */
export interface ExtractionSteps {
  readonly readCard: InferenceActivities['readCard'];
  /** Attempts of `readCard` before it fails. */
  readonly maximumAttempts: number;
  readonly storeResult: WorkerActivities['storeResult'];
  readonly onState: (state: ExtractionState) => void;
}

/** Reads one card. Ends as cancelled when it was cancelled, with a dead worker too. */
export async function extractDocumentWorkflow(input: ExtractDocumentInput): Promise<ExtractDocumentOutput> {
  let state: ExtractionState = { stage: 'preparing', fraction: 0, attempt: 1 };
  setHandler(stateQuery, () => state);
  const { readCard } = proxyActivities<InferenceActivities>({
    ...READ_CARD_OPTIONS,
    ...(input.cards && ALL_CARDS_OPTIONS),
    priority: { priorityKey: INTERACTIVE_PRIORITY },
  });
  const onState = (next: ExtractionState): void => {
    state = next;
  };
  let waits = false;
  try {
    const output = await extractDocument(input, {
      readCard,
      maximumAttempts: MAXIMUM_READ_ATTEMPTS,
      storeResult,
      onState,
    });
    waits = output.status === 'needs_review';
    return output;
  } finally {
    // Whatever came of it is stored by now, also where it was cancelled; of one that waits its review tells the end.
    await startWebhook(waits ? input.reviewWebhook : input.webhook);
  }
}

/**
 * Every card, single or in a batch, takes this path: read it, store the outcome. A plain function, since a child workflow
 * an item would cost a batch twice its budget (docs/decisions/0006-two-activities-a-card.md).
 * @throws CancelledFailure after the row has been stored as cancelled
 */
export async function extractDocument(
  input: ExtractDocumentInput,
  { readCard, maximumAttempts, storeResult, onState }: ExtractionSteps,
): Promise<ExtractDocumentOutput> {
  const { extractionId, blob, review, strategy, rejectLowQuality, webhook } = input;
  const deleteBlob = input.storeImage ? null : blob;
  let outcome: ExtractionOutcome;
  let attempts = 1;
  try {
    onState({ stage: 'reading', fraction: 0, attempt: 1 });
    const reading = await readCard({
      extractionId,
      blob,
      strategy,
      rejectLowQuality,
      ...(input.cards && { cards: input.cards }),
      ...(review && { keepUpright: true }),
    });
    attempts = reading.attempt;
    const { nikHashes, sealedOthers, sealedResult, timings, startedAt, upright, usage } = reading;
    outcome = {
      status: 'succeeded',
      sealedResult,
      ...(sealedOthers && { sealedOthers }),
      ...(nikHashes && { nikHashes }),
      timings,
      ...(usage && { usage }),
      startedAt,
      ...(upright && { upright }),
    };
  } catch (error) {
    // With a dead worker a cancellation arrives as the activity's time-out: what was asked for decides.
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      await CancellationScope.nonCancellable(() =>
        storeResult({ extractionId, attempts, outcome: { status: 'cancelled' }, deleteBlob }),
      );
      throw isCancellation(error) ? error : new CancelledFailure('the extraction was cancelled');
    }
    const failure = describeFailure(error, maximumAttempts);
    attempts = failure.attempts;
    outcome = { status: 'failed', error: failure.error };
  }
  onState({ stage: 'assembling', fraction: 0.95, attempt: attempts });
  // From here on there is a result: a cancellation that comes now is too late.
  const open = await CancellationScope.nonCancellable(() =>
    storeResult({ extractionId, attempts, outcome, deleteBlob, ...(review && { review }) }),
  );
  onState({ stage: null, fraction: 1, attempt: attempts });
  if (review && open) {
    await startReview({ ...open, extractionId, ...(webhook && { webhook }) });
    return { status: 'needs_review', attempts, error: null };
  }
  if (outcome.status === 'failed') return { status: 'failed', attempts, error: outcome.error };
  return { status: 'succeeded', attempts, error: null };
}

/** What a caller is told of an activity's failure, and on which attempt it came. */
function describeFailure(error: unknown, maximumAttempts: number): { error: ExtractionFailure; attempts: number } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type && isErrorCode(cause.type)) {
    return { error: { code: cause.type, message: cause.message }, attempts: attemptOf(cause) };
  }
  const message = 'The card could not be read: the inference process failed on every attempt.';
  return { error: { code: 'internal', message }, attempts: maximumAttempts };
}

/** The worker puts the attempt into the details of every failure that it maps (worker/failures.ts). */
function attemptOf(failure: ApplicationFailure): number {
  const attempt = failure.details?.[0];
  return typeof attempt === 'number' ? attempt : 1;
}
