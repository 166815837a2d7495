import type { Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { eventsFrom, type StreamEvent } from '../../chat/chunks.ts';
import { asError } from '../../chat/error-object.ts';
import { formatEventId } from '../../chat/event-id.ts';
import { HEADERS_AFTER_MS } from '../../chat/generation.ts';
import { callerGone } from '../http/caller-gone.ts';
import { errorBody } from '../http/errors.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import { formatEvent, SseWriter } from '../http/sse.ts';
import type { Answer } from './answer.ts';

export interface StreamOptions {
  readonly sessionId: string;
  /** Index of the first event to send. */
  readonly from: number;
  readonly includeUsage: boolean;
  /** Longest silence between two lines. */
  readonly keepAliveSeconds: number;
  /** Aborted when the process is asked to stop. */
  readonly closing: AbortSignal;
  /** Called when there is something to show. */
  readonly onBegun: () => void;
  /** A reader that connects again by itself after every end is told to take its time where it has seen all. */
  readonly reconnects?: boolean;
}

/** A day: by then the session is unknown, and an answer of 404 ends the tries of a browser. */
const RECONNECT_LATE = 'retry: 86400000\n';

/**
 * Sends an answer as server-sent events, from an index on and to its end. Headers go out with the first event, or
 * after some seconds: a failure before is thrown, one afterwards is an event.
 * @throws KtpflowError of a failed answer, shutting_down
 */
export async function streamAnswer(response: Response, answer: Answer, options: StreamOptions): Promise<void> {
  const { closing, from, onBegun, sessionId } = options;
  const gone = callerGone(response);
  using scope = new AbortScope([gone, closing]);
  const interrupted = scope.signal;
  await untilVisible(answer, from, interrupted);
  if (gone.aborted) return;
  const { end, pieces } = answer.view;
  // Who has seen the role chunk is shown the error as the event that it was.
  const hasBegun = pieces.length > 0 || from > answer.generation.firstIndex;
  if (end?.type === 'error' && !hasBegun) throw asError(end.error);
  if (closing.aborted && !end) throw shuttingDown();

  const writer = SseWriter.open(response, options);
  let next = from;
  for (;;) {
    if (answer.view.pieces.length > 0 || answer.view.end) onBegun();
    const { events, state } = eventsFrom(answer.generation, answer.view, next, options);
    next = Math.max(next, (events.findLast(({ index }) => index !== null)?.index ?? -1) + 1);
    if (events.length > 0) await writer.write(events.map((event) => format(sessionId, event)).join(''));
    if (gone.aborted) return;
    const hasSeenAll = options.reconnects === true && next === from && events.length === 0;
    if (state === 'finished') await writer.write((hasSeenAll ? RECONNECT_LATE : '') + formatEvent({ data: '[DONE]' }));
    if (state !== 'open') break;
    if (closing.aborted) {
      // Not an event of the answer: whoever resumes after the last one misses nothing.
      const last = next > 0 ? formatEventId({ sessionId, index: next - 1 }) : undefined;
      await writer.write(formatEvent({ id: last, data: errorBody(shuttingDown()) }));
      break;
    }
    if (events.length === 0) await answer.changed(interrupted);
  }
  writer.end();
}

/** Resolves when there is something to send, when it is time for the headers, or when the signal is aborted. */
async function untilVisible(answer: Answer, from: number, interrupted: AbortSignal): Promise<void> {
  using scope = new AbortScope([interrupted], HEADERS_AFTER_MS);
  const { signal } = scope;
  const { firstIndex } = answer.generation;
  // The role chunk alone is no beginning.
  const wanted = Math.max(from, firstIndex + 1);
  while (!answer.view.end && firstIndex + answer.view.pieces.length < wanted && !signal.aborted) {
    await answer.changed(signal);
  }
}

function format(sessionId: string, { data, index }: StreamEvent): string {
  return formatEvent({ id: index === null ? undefined : formatEventId({ sessionId, index }), data });
}
