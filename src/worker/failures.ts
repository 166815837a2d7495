import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { KtpflowError } from '../errors.ts';
import { isDatabaseUnavailable } from '../storage/database-errors.ts';

/**
 * Maps what an activity throws to a failure with a stable type (our error code), so that retry policies and
 * workflows decide by kind: a bad image is never retried, a full disk is. The attempt travels in the details.
 */
function asApplicationFailure(error: unknown, attempt: number): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof KtpflowError) {
    return ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: !error.retryable,
      details: [attempt],
      cause: error,
    });
  }
  // A batch waits for the database to come back, instead of taking its absence for a fault of the item.
  if (isDatabaseUnavailable(error)) {
    return asApplicationFailure(
      new KtpflowError('database_unavailable', 'The database cannot be reached right now.', { cause: error }),
      attempt,
    );
  }
  // An unknown fault may be a passing one: it is retried, as far as the activity's policy goes.
  return ApplicationFailure.create({
    type: 'internal',
    message: 'An unexpected error happened.',
    nonRetryable: false,
    details: [attempt],
    cause: error instanceof Error ? error : new Error(String(error)),
  });
}

/** Wraps activities so that every error that leaves them is mapped. */
export function withMappedFailures<Activities extends object>(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...inputs: unknown[]) => {
      try {
        return await activity(...inputs);
      } catch (error) {
        throw asApplicationFailure(error, activityInfo().attempt);
      }
    },
  ]);
  return Object.fromEntries(wrapped);
}
