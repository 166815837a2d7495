import { KtpflowError } from '../errors.ts';
import { SESSION_ID } from './request.ts';

/** Position of an event in all generations of a session. */
export interface EventId {
  readonly sessionId: string;
  readonly index: number;
}

const INDEX = /^\d{1,15}$/;

export function formatEventId({ sessionId, index }: EventId): string {
  return `${sessionId}:${index}`;
}

/** Reads `SESSION:INDEX`; throws KtpflowError `invalid_last_event_id`. */
export function parseEventId(text: string, param = 'Last-Event-ID'): EventId {
  const separator = text.lastIndexOf(':');
  const sessionId = text.slice(0, Math.max(separator, 0));
  if (!SESSION_ID.test(sessionId)) throw invalidEventId(param);
  return { sessionId, index: parseEventIndex(text.slice(separator + 1), param) };
}

/** Reads INDEX alone, as `?starting_after=` has it; throws KtpflowError `invalid_last_event_id`. */
export function parseEventIndex(text: string, param: string): number {
  if (!INDEX.test(text)) throw invalidEventId(param);
  return Number(text);
}

export function invalidEventId(param = 'Last-Event-ID'): KtpflowError {
  return new KtpflowError('invalid_last_event_id', `${param} does not name an event of this session's last answer.`, {
    param,
  });
}
