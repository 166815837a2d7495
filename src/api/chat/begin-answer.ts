import { setTimeout as sleep } from 'node:timers/promises';
import { decide, type LastAnswer, type RequestIdentity } from '../../chat/decide.ts';
import { indexAfter } from '../../chat/generation.ts';
import { KtpflowError } from '../../errors.ts';
import { isKeyOfAnotherBody } from '../../storage/chat-sessions.ts';
import type { RouteContext } from '../context.ts';
import type { Answer } from './answer.ts';
import type { LiveStreams } from './live-streams.ts';
import {
  type EndedAnswer,
  type LocatedAnswer,
  locateAnswer,
  recheckAnswer,
  type SessionAnswer,
  type SessionContext,
} from './sessions.ts';
import { type StartContext, type StartOptions, startAnswer } from './start-answer.ts';

/** A run with a recorded end is closed within milliseconds, as long as there is a worker. */
const CLOSING_MS = 5_000;
const LOOK_AGAIN_MS = 25;
const NEW_SESSION: LocatedAnswer = { last: { state: 'none' }, nextOrdinal: 1 };

/** What finding or starting an answer touches. */
export type BeginContext = SessionContext & StartContext & Pick<RouteContext, 'accessLog'>;

export interface BeginOptions extends StartOptions {
  readonly identity: RequestIdentity;
}

export interface BegunAnswer {
  readonly answer: Answer;
  /** It had ended before this request came. */
  readonly replayed: boolean;
}

/**
 * The answer to a request: the session's running or last one where the request is the same, else a new one.
 * @throws KtpflowError session_busy, idempotency_mismatch; errors of the database and of the Temporal client
 */
export async function beginAnswer(
  context: BeginContext,
  streams: LiveStreams,
  options: BeginOptions,
): Promise<BegunAnswer> {
  const { caller, identity, isNewSession, sessionHash } = options;
  const { bodyHash, idempotencyHash } = identity;
  if (idempotencyHash && (await isKeyOfAnotherBody(context.database, caller.tenant, idempotencyHash, bodyHash))) {
    throw idempotencyMismatch();
  }
  const deadline = Date.now() + CLOSING_MS;
  for (;;) {
    const located = isNewSession ? NEW_SESSION : await locateAnswer(context, sessionHash);
    const last = located.last.state === 'running' ? await recheckAnswer(context, streams, located.last) : located.last;
    switch (decide(lastAnswer(last), identity)) {
      case 'busy':
        throw new KtpflowError('session_busy', 'The session is answering another request.', { param: 'session_id' });
      case 'mismatch':
        throw idempotencyMismatch();
      case 'attach': {
        if (last.state === 'running') {
          await logRead(context, options, last.generation.id);
          return { answer: streams.join(last.generation, last.run), replayed: false };
        }
        const answer = last.state === 'ended' ? await last.open() : null;
        if (answer) {
          await logRead(context, options, answer.generation.id);
          return { answer, replayed: true };
        }
        break;
      }
      case 'start': {
        const firstIndex = last.state === 'ended' ? nextIndex(last) : 0;
        const answer = await startAnswer(context, streams, options, { ordinal: located.nextOrdinal, firstIndex });
        if (answer) return { answer, replayed: false };
      }
    }
    // Another request was quicker, or the last run is about to be closed.
    if (Date.now() > deadline) {
      throw new KtpflowError('temporal_unavailable', 'The last answer of the session is not settled yet.');
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** A new answer has the entry of its making; one that there was already is read once more. */
function logRead({ accessLog }: BeginContext, { caller, requestId }: BeginOptions, subject: string): Promise<void> {
  return accessLog.write({ caller, action: 'chat.read', subject, requestId });
}

function idempotencyMismatch(): KtpflowError {
  return new KtpflowError('idempotency_mismatch', 'This Idempotency-Key came with another body before.');
}

function lastAnswer(last: SessionAnswer): LastAnswer {
  if (last.state !== 'ended') return last;
  const { expiresAt, generation, outcome, pieces } = last;
  return {
    state: 'ended',
    generation,
    kept: expiresAt > new Date(),
    failedEarly: outcome === 'failed' && pieces === 0,
  };
}

/** A session that has expired is unknown, and begins anew. */
function nextIndex({ expiresAt, finishedAt, generation, outcome, pieces }: EndedAnswer): number {
  if (expiresAt <= new Date()) return 0;
  return indexAfter(generation, { pieces, failed: outcome === 'failed', finishedAt: finishedAt.getTime() });
}
