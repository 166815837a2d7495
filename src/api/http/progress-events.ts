import type { Request, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { KtpflowError } from '../../errors.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from './caller-gone.ts';
import { asKtpflowError, errorBody } from './errors.ts';
import { lastEventId } from './last-event-id.ts';
import { shuttingDown } from './shutting-down.ts';
import { formatEvent, SseWriter } from './sse.ts';

/** How far a record is. */
export interface Progress<Shown extends object> {
  /** Grows with all that there is to tell, so that a reader that comes back, to any process, is sent what is newer. */
  readonly number: number;
  readonly data: Shown;
  readonly isFinal: boolean;
}

/** A record whose progress is followed. */
export interface Followed<Row, Shown extends object> {
  /** As people call it: `batch`. */
  readonly kind: string;
  show(row: Row): Promise<Progress<Shown>>;
  /** Resolves when it may be worth while to look again, or the signal is aborted. */
  pause(shown: Shown, signal: AbortSignal): Promise<unknown>;
  /** Reads the row anew; null: it is gone. */
  find(): Promise<Row | null>;
}

/**
 * Sends the progress of a record as server-sent events, one on every change; the last one is final, or says why there is
 * no more.
 */
export async function streamProgress<Row, Shown extends object>(
  { closing, config }: Pick<RouteContext, 'closing' | 'config'>,
  request: Request,
  response: Response,
  row: Row,
  { find, kind, pause, show }: Followed<Row, Shown>,
): Promise<void> {
  let sent = lastEventId(request) ?? -1;
  const done = new AbortController();
  using scope = new AbortScope([closing, callerGone(response), done.signal]);
  const { signal } = scope;
  const writer = SseWriter.open(response, { keepAliveSeconds: config.KEEP_ALIVE_SECONDS });
  try {
    for (let current: Row | null = row; current && !signal.aborted; ) {
      const { data, isFinal, number } = await show(current);
      // An id above the final one is none of ours, and no reason to keep the end from anybody.
      if (number > sent || (isFinal && number !== sent)) await writer.write(formatEvent({ id: String(number), data }));
      sent = Math.max(sent, number);
      if (isFinal) break;
      await pause(data, signal);
      if (closing.aborted) throw shuttingDown('connect again to go on');
      current = await find();
      if (!current) throw new KtpflowError('not_found', `The ${kind} was erased.`);
    }
  } catch (error) {
    await writer.write(formatEvent({ data: errorBody(asKtpflowError(error)) }));
  } finally {
    done.abort();
  }
  writer.end();
}
