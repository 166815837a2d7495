import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { ZodError, z } from 'zod';
import { type ErrorType, KtpflowError } from '../../errors.ts';
import type { Logger } from '../../observability/logger.ts';
import { isDatabaseUnavailable, isUnstorableText } from '../../storage/database-errors.ts';
import { isTemporalUnavailable } from '../../temporal-errors.ts';
import { hintFor } from './other-servers.ts';
import { requestState } from './request-state.ts';

export const errorBodySchema = z
  .object({
    error: z.object({
      message: z.string().describe('Never holds a field value, a file name or a secret.'),
      type: z.enum([
        'invalid_request_error',
        'authentication_error',
        'permission_error',
        'not_found_error',
        'conflict_error',
        'rate_limit_error',
        'server_error',
      ] satisfies ErrorType[]),
      param: z.string().nullable().describe('Path of the offending parameter.'),
      code: z.string().describe('Stable.'),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBodySchema>;

const UNAVAILABLE_RETRY_SECONDS = 2;
/** The contract's bound for callers that would sleep for long. */
const MAX_RETRY_AFTER_SECONDS = 60;
/** Statuses that the OpenAI SDKs repeat by themselves, where a repeat would do the work twice or for nothing. */
const NOT_TO_REPEAT = new Set([409, 500, 502, 504]);

/** The body of an error, as every answer and stream shows it. */
export function errorBody(error: KtpflowError): ErrorBody {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}

/** Sets status, headers and body. Nothing is written where the answer has begun or the caller is gone. */
export function sendError(response: Response, error: KtpflowError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.status(error.status);
  const retryAfter = error.retryAfterSeconds ?? (error.status === 503 ? UNAVAILABLE_RETRY_SECONDS : undefined);
  if (retryAfter !== undefined) {
    response.setHeader('retry-after', String(Math.max(1, Math.min(MAX_RETRY_AFTER_SECONDS, Math.ceil(retryAfter)))));
  }
  if (NOT_TO_REPEAT.has(error.status) && !error.retryable) response.setHeader('x-should-retry', 'false');
  // Of a form nothing is unpacked; of JSON more is.
  if (error.status === 415)
    response.setHeader('accept-encoding', response.req.is('multipart/*') ? 'identity' : 'gzip, deflate, br');
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer');
  response.json(errorBody(error));
}

/** The one renderer: whatever is thrown becomes an answer, and what is not known says nothing of itself. */
export function renderErrors(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    const error = asKtpflowError(thrown);
    if (error.status >= 500) {
      const requestId = requestState(response).loggedId;
      logger[error.status === 500 ? 'error' : 'warn']('request.failed', { code: error.code, error: thrown, requestId });
    }
    sendError(response, error);
  };
}

export const notFound: RequestHandler = (request) => {
  throw new KtpflowError('not_found', hintFor(request.path) ?? 'Not found.');
};

/** PostgreSQL's text cannot store NUL: an id or filter that holds one names nothing, and must not get as far as a query. */
export const refuseNulInUrl: RequestHandler = (request, _response, next) => {
  if (request.url.includes('%00')) throw new KtpflowError('invalid_value', 'The URL contains a NUL character.');
  next();
};

/** Maps what libraries throw to our errors; 500 internal without details for everything else. */
export function asKtpflowError(thrown: unknown): KtpflowError {
  if (thrown instanceof KtpflowError) return thrown;
  if (thrown instanceof ZodError) return invalidValue(thrown);
  if (isTemporalUnavailable(thrown)) {
    return new KtpflowError('temporal_unavailable', 'The workflow service is temporarily unavailable.', {
      cause: thrown,
    });
  }
  if (isDatabaseUnavailable(thrown)) {
    return new KtpflowError('database_unavailable', 'The database is temporarily unavailable.', { cause: thrown });
  }
  if (isUnstorableText(thrown)) {
    return new KtpflowError('invalid_value', 'A value contains a character that cannot be stored.', { cause: thrown });
  }
  return ofBodyParser(thrown) ?? new KtpflowError('internal', 'An unexpected error occurred.', { cause: thrown });
}

/**
 * The first issue of a failed validation, by its path. zod's own messages name what is expected, never the value; only
 * those of unrecognised keys quote the caller: the key goes into the path instead.
 */
export function invalidValue(error: ZodError, prefix: readonly string[] = []): KtpflowError {
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...prefix, ...(issue?.path ?? []), ...unknown]
    .map(String)
    .filter((part) => /^[\w.-]{1,64}$/.test(part));
  const message = unknown.length > 0 ? 'Unknown field.' : (issue?.message ?? 'Invalid value.');
  return new KtpflowError('invalid_value', message, {
    ...(path.length > 0 ? { param: path.join('.') } : {}),
  });
}

/** Errors of express and body-parser carry a status and a type. */
function ofBodyParser(thrown: unknown): KtpflowError | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown)) return undefined;
  const { code, limit, status, type } = thrown as { code?: unknown; limit?: unknown; status?: unknown; type?: unknown };
  if (status === 413) return bodyTooLarge(limit);
  if (type === 'entity.parse.failed') return new KtpflowError('invalid_json', 'The body is not valid JSON.');
  if (type === 'encoding.unsupported') {
    return new KtpflowError(
      'unsupported_content_encoding',
      'This Content-Encoding of a JSON body is not supported; send gzip, deflate, br or none.',
    );
  }
  if (status === 415)
    return new KtpflowError(
      'unsupported_media_type',
      'The character encoding of the body is not supported; send UTF-8.',
    );
  // zlib's codes, and those of its Brotli.
  if (/^(Z_|ERR__)/.test(String(code))) {
    const message = 'The body cannot be unpacked: it was cut, or it is not what its Content-Encoding says.';
    return new KtpflowError('malformed_request', message);
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new KtpflowError('malformed_request', 'The request is malformed.');
  }
  return undefined;
}

/** @param limit in bytes, as body-parser says it */
export function bodyTooLarge(limit: unknown): KtpflowError {
  const most = typeof limit === 'number' ? `exceed ${Math.floor(limit / 1024 / 1024)} MB (MAX_JSON_MB)` : 'be so large';
  return new KtpflowError('payload_too_large', `A JSON body must not ${most}. Send files as multipart/form-data.`);
}
