import { Context } from '@temporalio/activity';

/**
 * Says how far a removal is, and ends one that Temporal has given up: its next attempt may have begun. Must be called by
 * an activity. @throws CancelledFailure
 */
export function reportProgress(removed: number): void {
  const context = Context.current();
  context.heartbeat(removed);
  context.cancellationSignal.throwIfAborted();
}
