import { CancelledFailure, Context } from '@temporalio/activity';

/** Heartbeats within the time after which their absence counts as death; each costs the server a write. */
const BEATS_PER_TIMEOUT = 6;
const DEFAULT_TIMEOUT_MS = 4_000;

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
  const interval = (context.info.heartbeatTimeoutMs ?? DEFAULT_TIMEOUT_MS) / BEATS_PER_TIMEOUT;
  const timer = setInterval(() => context.heartbeat(progress.details), interval);
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
