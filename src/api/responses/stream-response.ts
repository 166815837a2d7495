import type { Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { asError } from '../../chat/error-object.ts';
import { HEADERS_AFTER_MS } from '../../chat/generation.ts';
import { type ResponseEvent, ResponseEventLog } from '../../responses/event-log.ts';
import type { ResponseHead } from '../../responses/response-object.ts';
import type { Answer } from '../chat/answer.ts';
import { callerGone } from '../http/caller-gone.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import { formatEvent, SseWriter } from '../http/sse.ts';

export interface StreamResponseOptions {
  readonly head: ResponseHead;
  /** Only events with a higher `sequence_number` are sent; -1: all. */
  readonly after: number;
  /** Aborted when the process is asked to stop. */
  readonly closing: AbortSignal;
  readonly onBegun: () => void;
  /** Longest silence. */
  readonly keepAliveSeconds: number;
}

/**
 * Sends a response's events, named as OpenAI names them, to the end. A failure before the first recorded piece is
 * thrown while no headers are out, which is for some seconds.
 * @throws KtpflowError of a failed answer, shutting_down
 */
export async function streamResponse(
  response: Response,
  answer: Answer,
  { after, closing, head, keepAliveSeconds, onBegun }: StreamResponseOptions,
): Promise<void> {
  const gone = callerGone(response);
  using scope = new AbortScope([gone, closing]);
  const { signal: interrupted } = scope;
  await untilBegun(answer, interrupted);
  if (gone.aborted) return;
  const { end, pieces } = answer.view;
  // Who has seen an event of it is shown the failure as the event that it was.
  const hasBegun = pieces.length > 0 || after >= 0;
  if (end?.type === 'error' && !hasBegun) throw asError(end.error);
  if (closing.aborted && !end) throw shuttingDown();

  const writer = SseWriter.open(response, { keepAliveSeconds });
  const log = new ResponseEventLog(head);
  let next = after + 1;
  for (;;) {
    if (answer.view.pieces.length > 0 || answer.view.end) onBegun();
    log.follow(answer.view);
    const events = log.events.slice(next);
    next = Math.max(next, log.events.length);
    if (events.length > 0) await writer.write(events.map(format).join(''));
    if (gone.aborted) return;
    if (log.ended) break;
    if (closing.aborted) {
      const { code, message } = shuttingDown();
      // Not an event of the response: whoever goes on after the last one misses nothing.
      await writer.write(format({ type: 'error', code, message, param: null, sequence_number: next }));
      break;
    }
    if (events.length === 0) await answer.changed(interrupted);
  }
  writer.end();
}

/** Until there is a piece or an end, or headers have to go out. */
async function untilBegun(answer: Answer, interrupted: AbortSignal): Promise<void> {
  using late = new AbortScope([interrupted], HEADERS_AFTER_MS);
  while (answer.view.pieces.length === 0 && !answer.view.end && !late.signal.aborted) {
    await answer.changed(late.signal);
  }
}

function format(event: ResponseEvent): string {
  return `event: ${event.type}\n${formatEvent({ data: event })}`;
}
