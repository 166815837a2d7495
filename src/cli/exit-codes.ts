/** How `ktpflow` ends; scripts rely on these (see `ktpflow --help`). */
export const EXIT = {
  ok: 0,
  /** An error of the server or of this program. */
  failure: 1,
  /** A wrong option, or a file that is not there. */
  usage: 2,
  /** It worked, but not for every card. */
  someFailed: 3,
  /** No server answers, or it cannot be started. */
  unreachable: 4,
  /** The key is missing, unknown or lacks the scope. */
  denied: 5,
  /** The batch was cancelled. */
  cancelled: 6,
  /** Ctrl-C; what was handed in goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `
Exit codes:
  0    everything worked
  1    an error of the server or of this program
  2    a wrong option, or a file that is not there
  3    done, but not every card or file could be read
  4    no server answers, or it could not be started
  5    the key is missing, unknown, or lacks the scope
  6    the batch was cancelled
  130  interrupted; what was handed in goes on`;

/** An error answer of the API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly exitCode: ExitCode;
  /** A code of errors.ts; the message ends with it. */
  readonly code: string;
  /** What the server says, without the code. */
  readonly reason: string;
  readonly status: number;
  /** Which field of the request it is about. */
  readonly param: string | null;
  /** What the server says of when a repeat makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    { status, param, retryAfterMs }: { status: number; param: string | null; retryAfterMs: number | undefined },
  ) {
    super(`${message} (${code})`);
    this.exitCode = exitCode;
    this.code = code;
    this.reason = message;
    this.status = status;
    this.param = param;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An error with its exit code; the message is one line for people. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
