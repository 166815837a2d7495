import { completionObject } from '../../chat/completion.ts';
import { asError } from '../../chat/error-object.ts';
import type { Generation } from '../../chat/generation.ts';
import type { StreamEnd, StreamView } from '../../chat/stream-log.ts';
import type { KtpflowError } from '../../errors.ts';
import { wholeResponse } from '../../responses/event-log.ts';
import type { ResponseSettings } from '../../responses/response-object.ts';
import type { LineOutcome } from '../../storage/chat-batches.ts';

interface NamedLine {
  readonly customId: string;
  /** Random, or an HMAC: the outcome's ids are made of it. */
  readonly token: string;
}

export interface DecidedLine {
  readonly status: 'completed' | 'failed';
  readonly outcome: LineOutcome;
}

/**
 * The outcome of an answer that has ended: a line of the output file, or of the error file.
 * @param settings of a response; null: it is a chat completion
 */
export function answeredLine(
  named: NamedLine,
  generation: Generation,
  view: StreamView,
  settings: ResponseSettings | null,
): DecidedLine {
  if (view.end?.type !== 'finish') {
    const failure = view.end?.error ?? { code: 'internal', message: 'The answer has no end.', param: null };
    return refusedLine(named, asError(failure));
  }
  const body = settings
    ? wholeResponse({ id: `resp_${named.token}`, createdAt: generation.createdAt, settings }, view, view.end)
    : completionOf(generation, view, view.end);
  const response = { status_code: 200, request_id: `req_${named.token}`, body };
  return { status: 'completed', outcome: { ...head(named), response, error: null } };
}

function completionOf(generation: Generation, view: StreamView, end: Extract<StreamEnd, { type: 'finish' }>) {
  // The session is an id of ours that nobody can ask for.
  const { session_id: _, ...body } = completionObject(generation, view, end, '');
  return body;
}

/** The outcome of a line that an interactive request would have been answered with an error for. */
export function refusedLine(named: NamedLine, { code, message, param, status, type }: KtpflowError): DecidedLine {
  const body = { error: { message, type, param, code } };
  const response = { status_code: status, request_id: `req_${named.token}`, body };
  return { status: 'failed', outcome: { ...head(named), response, error: null } };
}

/** The outcome of a line that never had its turn. */
export function unansweredLine(named: NamedLine, end: 'cancelled' | 'expired' | 'failed'): LineOutcome {
  return { ...head(named), response: null, error: UNANSWERED[end] };
}

const UNANSWERED = {
  cancelled: { code: 'batch_cancelled', message: 'The batch was cancelled before this request was answered.' },
  expired: {
    code: 'batch_expired',
    message: 'This request could not be answered before the completion window ended.',
  },
  failed: { code: 'batch_failed', message: 'The batch failed before this request was answered.' },
} as const;

function head({ customId, token }: NamedLine) {
  return { id: `batch_req_${token}`, custom_id: customId };
}
