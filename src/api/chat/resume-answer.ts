import { invalidEventId } from '../../chat/event-id.ts';
import { KtpflowError } from '../../errors.ts';
import type { BegunAnswer } from './begin-answer.ts';
import type { LiveStreams } from './live-streams.ts';
import { locateAnswer, recheckAnswer, type SessionContext } from './sessions.ts';

/**
 * A session's last answer, running or kept.
 * @throws KtpflowError session_not_found; errors of the database and of the Temporal client
 */
export async function resumeAnswer(
  context: SessionContext,
  streams: LiveStreams,
  sessionHash: string,
): Promise<BegunAnswer> {
  const { last } = await locateAnswer(context, sessionHash);
  if (last.state === 'running') {
    // Its end may be recorded already: then this is a replay, and says so, although nothing is stored yet.
    const seen = await recheckAnswer(context, streams, last);
    const kept = seen.state === 'ended' && seen.expiresAt > new Date() ? await seen.open() : null;
    if (kept) return { answer: kept, replayed: true };
    return { answer: streams.join(last.generation, last.run), replayed: false };
  }
  const answer = last.state === 'ended' && last.expiresAt > new Date() ? await last.open() : null;
  if (!answer) throw new KtpflowError('session_not_found', 'The session is unknown or has expired.');
  return { answer, replayed: true };
}

/**
 * Index of the first event to send to a reader that has seen everything up to `seen`; null: nothing yet.
 * @throws KtpflowError invalid_last_event_id for an event of an older answer
 */
export function firstIndexToSend({ answer }: BegunAnswer, seen: number | null): number {
  const { firstIndex } = answer.generation;
  if (seen === null) return firstIndex;
  if (seen < firstIndex) throw invalidEventId();
  return seen + 1;
}
