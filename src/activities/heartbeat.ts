import { CancelledFailure, Context } from '@temporalio/activity';

const HEARTBEAT_INTERVAL_MS = 500;

/**
 * Runs the work of an activity with heartbeats from a timer, whatever the work waits for: a heartbeat says that the
 * process lives, not that it makes progress. A cancellation ends the waiting at once, whether or not the work obeys
 * its signal.
 */
export async function heartbeatWhile<Result>(
  progress: { readonly details: unknown },
  work: () => Promise<Result>,
): Promise<Result> {
  const context = Context.current();
  context.heartbeat(progress.details);
  const timer = setInterval(() => context.heartbeat(progress.details), HEARTBEAT_INTERVAL_MS);
  try {
    return await Promise.race([work(), context.cancelled]);
  } catch (error) {
    // The work's own abort error means the same; Temporal wants its own.
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the activity was cancelled');
    throw error;
  } finally {
    clearInterval(timer);
  }
}
