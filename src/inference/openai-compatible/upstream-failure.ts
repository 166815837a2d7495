import { KtpflowError } from '../../errors.ts';
import { parseRetryAfter } from '../../media/retry-after.ts';
import { EngineFault } from '../engine-fault.ts';
import { findRefusedParameter, type RefusedParameter } from './refused-parameter.ts';

/** A fault before the first token, with what a retry needs to know. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly error: KtpflowError;
  /** Milliseconds to wait before another try; null: trying again is of no use. */
  readonly retryAfterMs: number | null;
  /** What of the request was refused; the same in another form may be taken. */
  readonly refused: RefusedParameter | null;

  constructor(error: KtpflowError, retryAfterMs: number | null, refused: RefusedParameter | null = null) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
    this.refused = refused;
  }
}

const CONTEXT_LENGTH = new RegExp(
  [
    'context[ _-]?(length|size|window)|maximum context|max_model_len|maximum model length|n_ctx|exceed_context_size',
    'keep the first \\d+ tokens|must have (less|fewer) than \\d+ tokens',
    'exceeds? the (available )?context|too many tokens|max_new_tokens. must be|max_total_tokens|reduce the length',
    // Not the name of the field that holds the complaint.
    '\\b(prompt|input|messages?)\\b(?!\\W{0,2}\\s?:)[^.]{0,40} (is|are) too (long|large)|(range of|maximum) input length',
    '((?<!max_|completion_|min_)tokens?|input length|prompt)\\b[^.]{0,80}\\b(exceeds?|larger than|too large)\\b[^.]{0,60}\\b(max\\w*|limit|length|model)',
  ].join('|'),
  'i',
);
const NO_IMAGES =
  /multimodal|mmproj|image input|at most 0 image|does not support (images?|vision)|not a vision model|not support image/i;
const NO_TOOLS = /tool-call-parser|enable-auto-tool-choice|does not support (tools|function)|--jinja/i;

/** Refusals for which the caller's request may be the reason; others are between us and the server. */
const ABOUT_THE_REQUEST: ReadonlySet<number> = new Set([400, 413, 422]);

/** 529: overloaded, of Anthropic and others. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 503, 529]);
/** Not a limit of the moment: no repeat helps before somebody has paid. */
const QUOTA = /insufficient[ _](quota|balance|credit)/i;

/** Wait before another try where the server does not say. */
export const DEFAULT_RETRY_MS = 500;

/**
 * What a caller may learn of an upstream's refusal. The body is only searched for known complaints: it may quote the
 * prompt, the model server's address or our key.
 */
export function failureOfStatus(
  status: number,
  { engineId, body, retryAfter }: { engineId: string; body: string; retryAfter: string | undefined },
): UpstreamFailure {
  const final = (error: KtpflowError) => new UpstreamFailure(error, null);
  const retryAfterMs = parseRetryAfter(retryAfter);
  if (status === 429 && QUOTA.test(body)) {
    return final(new KtpflowError('upstream_failed', 'The quota at the model server is used up.'));
  }
  if (PASSING.has(status)) {
    const isBusy = status === 429 || status === 529;
    const message = isBusy ? 'The model server is busy.' : 'The model server is not ready.';
    const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil((retryAfterMs ?? 5_000) / 1000)));
    return new UpstreamFailure(
      new KtpflowError('model_not_ready', message, { retryAfterSeconds }),
      retryAfterMs ?? DEFAULT_RETRY_MS,
    );
  }
  if (status === 401 || status === 403) {
    return final(new KtpflowError('upstream_failed', 'The model server refused our credentials.'));
  }
  if (status === 404) {
    return final(
      new KtpflowError('model_not_ready', 'The model server does not serve this model.', { retryAfterSeconds: 30 }),
    );
  }
  if (status >= 300 && status < 400) return final(redirected());
  if (status < 500 && !ABOUT_THE_REQUEST.has(status)) {
    return final(
      new KtpflowError('upstream_failed', `The model server, or what stands before it, refused with ${status}.`),
    );
  }
  const refusal = refusalOf(status, body, engineId);
  if (refusal) return refusal;
  // A gateway says so of a server that is being restarted.
  if (status === 502 || status === 504) {
    const error = new KtpflowError('upstream_failed', 'The model server cannot be reached.', { retryable: true });
    return new UpstreamFailure(error, retryAfterMs ?? DEFAULT_RETRY_MS);
  }
  const retriable = status !== 501 && status !== 505;
  return new UpstreamFailure(
    new EngineFault('The model server failed.'),
    retriable ? (retryAfterMs ?? DEFAULT_RETRY_MS) : null,
  );
}

/** Not followed: the key would go to whoever is named there. */
export function redirected(): KtpflowError {
  const message = 'The model server answers with a redirect to another address: VLM_BASE_URL must name that one.';
  return new KtpflowError('upstream_failed', message);
}

/** What the server does not like of the request, which some servers say with a 500; null: nothing that is known. */
function refusalOf(status: number, body: string, engineId: string): UpstreamFailure | null {
  const final = (error: KtpflowError) => new UpstreamFailure(error, null);
  if (CONTEXT_LENGTH.test(body)) {
    return final(
      new KtpflowError('context_length_exceeded', "The messages and the answer exceed the model's context length."),
    );
  }
  if (status === 413) {
    return final(new KtpflowError('payload_too_large', 'The messages are larger than the model server takes.'));
  }
  if (NO_IMAGES.test(body)) {
    return final(
      new KtpflowError('unsupported_content_part', `The engine ${engineId} takes no images.`, { param: 'messages' }),
    );
  }
  if (NO_TOOLS.test(body)) {
    return final(
      new KtpflowError('unsupported', `The engine ${engineId} is not set up for tools.`, { param: 'tools' }),
    );
  }
  const refused = findRefusedParameter(body);
  if (status >= 500 && !refused?.isAboutRoles) return null;
  if (!refused) {
    const error = new KtpflowError('invalid_value', `The engine ${engineId} refused a parameter of the request.`);
    return new UpstreamFailure(error, null, { param: null, message: 'refused a parameter', isAboutRoles: false });
  }
  const { message, param } = refused;
  return new UpstreamFailure(
    new KtpflowError('invalid_value', `The engine ${engineId} ${message}.`, param === null ? {} : { param }),
    null,
    refused,
  );
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What a caller may learn of a connection that failed before the first token. */
export function failureOfConnection(error: unknown): UpstreamFailure {
  const code = errorCode(error);
  if (code !== null && UNREACHABLE.has(code)) {
    return new UpstreamFailure(
      new KtpflowError('model_not_ready', 'The model server cannot be reached.', {
        retryAfterSeconds: 5,
        cause: error,
      }),
      DEFAULT_RETRY_MS,
    );
  }
  return new UpstreamFailure(
    new KtpflowError('upstream_failed', 'The connection to the model server broke.', { retryable: true, cause: error }),
    DEFAULT_RETRY_MS,
  );
}

/** A connection to several addresses fails with one error for each. */
function errorCode(error: unknown): string | null {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return null;
}
