import type { Request } from 'express';
import { type EventId, parseEventId, parseEventIndex } from '../../chat/event-id.ts';
import { KtpflowError } from '../../errors.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The event that the caller has seen last, by header or query; empty: none. @throws KtpflowError invalid_last_event_id */
export function lastEventIdOf(request: Request): EventId | null {
  const text = request.get('last-event-id') || queryText(request, 'last_event_id');
  return text ? parseEventId(text) : null;
}

/** `?starting_after=INDEX`; empty: from the start. @throws KtpflowError invalid_last_event_id */
export function startingAfterOf(request: Request): number | null {
  const text = queryText(request, 'starting_after');
  return text ? parseEventIndex(text, 'starting_after') : null;
}

/** Whether it is a browser's EventSource that connects again: that sends just this. */
export function isEventSource(request: Request): boolean {
  return request.get('accept') === 'text/event-stream' && request.get('last-event-id') !== undefined;
}

/** @throws KtpflowError invalid_value */
export function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (IDEMPOTENCY_KEY.test(key)) return key;
  const message = 'Idempotency-Key must be 1-255 visible ASCII characters.';
  throw new KtpflowError('invalid_value', message, { param: 'Idempotency-Key' });
}

/** OpenAI's SDKs count their repeats. */
export function isRepeated(request: Request): boolean {
  return /^[1-9]\d{0,3}$/.test(request.get('x-stainless-retry-count') ?? '');
}

function queryText(request: Request, name: string): string | undefined {
  const value = request.query[name];
  // Given twice it is two, of which none is the last event: it becomes a text that is no id.
  return value === undefined ? undefined : String(value);
}
