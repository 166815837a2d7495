import type { Request } from 'express';
import { KtpflowError } from '../../errors.ts';

/**
 * Number of the last event that a reader of progress events has seen: the header Last-Event-ID, or `?last_event_id=`.
 * @throws KtpflowError invalid_last_event_id
 */
export function lastEventId(request: Request): number | undefined {
  const text = request.get('last-event-id') ?? request.query.last_event_id;
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) {
    throw new KtpflowError('invalid_last_event_id', 'The id of the last event is not one of this stream.', {
      param: 'last_event_id',
    });
  }
  return Number(text);
}
