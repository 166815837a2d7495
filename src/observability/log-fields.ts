/**
 * What may stand in a log line, once. A NIK, a name, a file name, a URL or anything else that a caller chose cannot
 * get through: only these fields exist, and a value that has not its field's form is dropped, whatever the types said.
 */
export interface LogFields {
  /** HTTP method. */
  readonly method?: string | undefined;
  /** Route template such as `/v1/ktp/extractions/:id`; never a URL. */
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** Our own id of the request, or the HMAC of the caller's: see api/http/request-id.ts. */
  readonly requestId?: string | undefined;
  readonly extractionId?: string | undefined;
  readonly batchId?: string | undefined;
  /** Temporal's id of a run. */
  readonly runId?: string | undefined;
  /** A code of errors.ts or of Node, gRPC or Prisma. */
  readonly code?: string | number | undefined;
  readonly attempt?: number | undefined;
  readonly count?: number | undefined;
  readonly bytes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly pid?: number | undefined;
  readonly port?: number | undefined;
  readonly signal?: string | undefined;
  /** Role or child process that the line is about. */
  readonly component?: string | undefined;
  /** Version of a program or model. */
  readonly version?: string | undefined;
  readonly error?: unknown;
}

const code = /^[A-Za-z0-9_.-]{1,64}$/;
/** Sixteen digits in a row are a NIK to us, wherever they come from. */
const sixteenDigits = /\d{16}/;

const text = (form: RegExp) => (value: unknown) =>
  typeof value === 'string' && form.test(value) && !sixteenDigits.test(value) ? value : undefined;
/** Ids of ours: random hexadecimal digits may hold sixteen decimal ones in a row. */
const random = (form: RegExp) => (value: unknown) =>
  typeof value === 'string' && form.test(value) ? value : undefined;
const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

type Check = (value: unknown) => string | number | object | undefined;

const CHECKS: Readonly<Record<keyof LogFields, Check>> = {
  method: text(/^[A-Z]{3,10}$/),
  route: text(/^[a-z0-9/:._*{}-]{1,100}$/i),
  status: number,
  durationMs: number,
  requestId: random(/^(req|hmac)_[0-9a-f]{16,32}$/),
  extractionId: random(/^ext_[0-9a-f]{32}$/),
  batchId: random(/^batch_[0-9a-f]{32}$/),
  runId: random(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  code: (value) => number(value) ?? text(code)(value),
  attempt: number,
  count: number,
  bytes: number,
  seconds: number,
  pid: number,
  port: number,
  signal: text(/^SIG[A-Z0-9]{2,8}$/),
  component: text(/^[a-z][a-z0-9 -]{0,40}$/),
  version: text(code),
  error: (value) => (value === undefined ? undefined : describeError(value)),
};

/** The fields that have their form; everything else is gone. */
export function safeFields(fields: LogFields): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(CHECKS)) {
    const value = check(fields[name as keyof LogFields]);
    if (value !== undefined) safe[name] = value;
  }
  return safe;
}

export interface ErrorDescription {
  readonly name: string;
  readonly code?: string | number;
  /** Frames only: an error's message may quote a query, a value or a path. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
}

const MAX_CAUSES = 4;
const MAX_FRAMES = 12;

/** Name, code and frames of an error and of its causes. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: `thrown ${typeof error}` };
  const ownCode = 'code' in error ? CHECKS.code(error.code) : undefined;
  const frames = framesOf(error);
  return {
    name: typeof error.name === 'string' && /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : 'Error',
    ...(typeof ownCode === 'string' || typeof ownCode === 'number' ? { code: ownCode } : {}),
    ...(frames.length > 0 ? { stack: frames } : {}),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

/** Lines of the stack that are frames for certain: a message of several lines may imitate one. */
function framesOf(error: Error): string[] {
  const stack = error.stack ?? '';
  const afterMessage = stack.indexOf(error.message) + error.message.length;
  return stack
    .slice(afterMessage)
    .split('\n')
    .filter((line) => /^ {4}at [^\n]*:\d+:\d+\)?$/.test(line) && !sixteenDigits.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
