import type { Requester } from '../access/access-log.ts';
import type { RouteContext } from '../context.ts';
import type { LiveStreams } from './live-streams.ts';
import { cancelRun } from './runs.ts';
import { type EndedAnswer, locateAnswer, type RunningAnswer, recheckAnswer, type SessionContext } from './sessions.ts';

export type CancelStatus = 'cancelled' | 'finished' | 'not_found';

type CancelContext = SessionContext & Pick<RouteContext, 'accessLog' | 'metrics'>;

/** An engine that obeys has stopped long before; with a dead worker it takes a heartbeat's time-out. */
const STOPPED_MS = 2_500;

/**
 * Cancels a session's running answer, once the access log says so, and waits until it has stopped.
 * @throws errors of the database and of the Temporal client
 */
export async function cancelAnswer(
  context: CancelContext,
  streams: LiveStreams,
  sessionHash: string,
  by: Requester,
): Promise<CancelStatus> {
  const { last } = await locateAnswer(context, sessionHash);
  if (last.state === 'none') return 'not_found';
  const answer = last.state === 'running' ? await recheckAnswer(context, streams, last) : last;
  return answer.state === 'running' ? stop(context, streams, answer, by) : statusOf(answer);
}

function statusOf({ expiresAt, outcome }: EndedAnswer): CancelStatus {
  // The same call may come twice, also where sessions are not kept.
  if (outcome === 'cancelled') return 'cancelled';
  return expiresAt > new Date() ? 'finished' : 'not_found';
}

async function stop(
  context: CancelContext,
  streams: LiveStreams,
  running: RunningAnswer,
  by: Requester,
): Promise<CancelStatus> {
  await context.accessLog.write({ ...by, action: 'chat.cancel', subject: running.generation.id });
  const answer = streams.join(running.generation, running.run);
  try {
    const askedAt = performance.now();
    await cancelRun(context, running.run);
    const patience = AbortSignal.timeout(STOPPED_MS);
    while (!answer.view.end && !patience.aborted) await answer.changed(patience);
    const { end } = answer.view;
    context.metrics.cancelled((performance.now() - askedAt) / 1000);
    // What was recorded before the cancellation came stands.
    return !end || (end.type === 'finish' && end.cancelled) ? 'cancelled' : 'finished';
  } finally {
    answer.leave();
  }
}
