import { CancelledFailure, Context } from '@temporalio/activity';
import { BATCH_PRIORITY } from '../contract/task-queues.ts';

/**
 * Heartbeats within the time after which their absence counts as death. Each costs the server a write: where nobody
 * watches, as in a batch, few are enough.
 */
const WATCHED_BEATS = 6;
const UNWATCHED_BEATS = 3;
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
  const { heartbeatTimeoutMs = DEFAULT_TIMEOUT_MS, priority } = context.info;
  const beats = priority?.priorityKey === BATCH_PRIORITY ? UNWATCHED_BEATS : WATCHED_BEATS;
  const interval = heartbeatTimeoutMs / beats;
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
