/**
 * Every error that a caller can see, once: its code, the HTTP status and type that it is rendered with, and whether a
 * repeat can help. Thrown where the fault is known, rendered in api/http/errors.ts, mapped to an ApplicationFailure in
 * worker/failures.ts. Messages never hold a field's value, a file name, a URL or a secret.
 */
const CATALOGUE = {
  invalid_json: [400, false],
  invalid_value: [400, false],
  unsupported: [400, false],
  empty_messages: [400, false],
  context_length_exceeded: [400, false],
  invalid_last_event_id: [400, false],
  image_fetch_failed: [400, false],
  invalid_archive: [400, false],
  unsupported_content_part: [400, false],
  invalid_image: [400, false],
  image_too_large_pixels: [400, false],
  unsupported_media_type: [400, false],
  blocked_url: [400, false],
  malformed_request: [400, false],
  invalid_api_key: [401, false],
  insufficient_scope: [403, false],
  not_found: [404, false],
  session_not_found: [404, false],
  model_not_found: [404, false],
  method_not_allowed: [405, false],
  request_timeout: [408, true],
  session_busy: [409, false],
  batch_running: [409, false],
  batch_cancelled: [409, false],
  batch_sealed: [409, false],
  review_claimed: [409, false],
  review_decided: [409, false],
  payload_too_large: [413, false],
  unsupported_content_encoding: [415, false],
  not_a_ktp: [422, false],
  quality_rejected: [422, false],
  idempotency_mismatch: [422, false],
  missing_image: [422, false],
  review_rejected: [422, false],
  review_expired: [422, false],
  queue_full: [429, true],
  rate_limited: [429, true],
  headers_too_large: [431, false],
  internal: [500, false],
  storage_damaged: [500, false],
  schema_not_satisfied: [500, false],
  cancelled: [500, false],
  upstream_failed: [502, false],
  model_not_ready: [503, true],
  shutting_down: [503, true],
  temporal_unavailable: [503, true],
  database_unavailable: [503, true],
  storage_unavailable: [503, true],
  deadline_exceeded: [504, false],
} as const satisfies Record<string, readonly [status: number, retryable: boolean]>;

export type ErrorCode = keyof typeof CATALOGUE;

export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'server_error';

const TYPES: Readonly<Record<number, ErrorType>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
};

export interface KtpflowErrorOptions {
  /** Path of the offending parameter, for example `options.strategy`. */
  param?: string;
  /** HTTP status. Default: by code. */
  status?: number;
  /** Whether the same request can succeed later. Default: by code. */
  retryable?: boolean;
  /** For 429 and 503: seconds after which a repeat makes sense. */
  retryAfterSeconds?: number;
  /** Never shown to callers. */
  cause?: unknown;
}

/** An error with a stable code. The message is shown to callers as it is. */
export class KtpflowError extends Error {
  override readonly name = 'KtpflowError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly type: ErrorType;
  readonly param: string | null;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: KtpflowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const [usualStatus, retryable] = CATALOGUE[code];
    const status = options.status ?? usualStatus;
    this.code = code;
    this.status = status;
    this.type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
    this.param = options.param ?? null;
    this.retryable = options.retryable ?? retryable;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Tells whether a string that came over a wire (a failure's type, a row's column) is one of our codes. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}
