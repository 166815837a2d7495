import { expect } from 'vitest';

/** What a refusal has to be, by src/errors.ts and the OpenAPI document. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly param?: string | null;
}

const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  409: 'conflict_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  431: 'invalid_request_error',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
  504: 'server_error',
};

/** Checks the envelope, the headers that go with the status, and that nothing of the request is quoted. */
export async function expectRefusal(response: Response, { status, code, param }: Refusal): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
  const { error } = JSON.parse(text);
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
  expect(error).toMatchObject({ code, type: TYPES[status], message: expect.any(String) });
  if (param !== undefined) expect(error.param).toBe(param);
  expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
  expect(response.headers.get('x-should-retry')).toBe([409, 500, 502, 504].includes(status) ? 'false' : null);
  if (status === 429 || status === 503) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  else expect(response.headers.get('retry-after')).toBe(null);
  expect(response.headers.get('x-powered-by')).toBe(null);
}
