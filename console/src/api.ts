/** The API of the server that has sent the page, wherever a proxy has put it: the page lies at PREFIX/console/. */
const BASE = new URL('../', document.baseURI);

/** What the server says went wrong; its message never holds what stands on a card. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  /** Path of what is wrong, for example `fields.nik`. */
  readonly param: string | null;

  constructor(status: number, code: string, message: string, param: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly json?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Sent even while the page goes. */
  readonly keepalive?: boolean;
}

/** @throws ApiFailure for every answer that is no success, and without one (status 0) */
export async function call(
  path: string,
  { form, headers, json, keepalive, method, signal }: Call = {},
): Promise<Response> {
  const body = form ?? (json === undefined ? undefined : JSON.stringify(json));
  let response: Response;
  try {
    response = await fetch(new URL(path, BASE), {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        'x-ktpflow-console': '1',
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
      ...(keepalive && { keepalive }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  throw failureOf(response.status, await response.json().catch(() => null));
}

/** There was no answer. */
export function unreachable(): ApiFailure {
  return new ApiFailure(0, 'unreachable', 'The server does not answer.', null);
}

/** What an answer that is no success says. */
export function failureOf(status: number, answer: unknown): ApiFailure {
  const { error } = (answer ?? {}) as { error?: { code?: string; message?: string; param?: string | null } };
  const { code = 'unknown', message = `The server answered with ${status}.`, param = null } = error ?? {};
  return new ApiFailure(status, code, message, param);
}

/** The body of an answer, in the shape that the server's own schema promises. */
export async function read<Body>(path: string, options?: Call): Promise<Body> {
  return (await (await call(path, options)).json()) as Body;
}

/** Absolute address of a path of the API, for examples that a person copies. */
export function addressOf(path: string): string {
  return new URL(path, BASE).href;
}
