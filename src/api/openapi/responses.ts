import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { errorBodySchema } from '../http/errors.ts';

const STATUSES: Readonly<Record<number, string>> = {
  400: 'The request is not valid.',
  401: 'No key, or one that is not known.',
  403: 'The key lacks the scope.',
  404: 'Unknown, expired, or of another tenant.',
  408: 'The body stalled while it was sent.',
  409: 'It does not fit the state that this is in.',
  413: 'Larger than the limits.',
  415: 'A form must not be compressed.',
  422: 'Understood, but it cannot be done with this input.',
  429: 'Too many requests wait; see Retry-After.',
  500: 'An error of the server; x-should-retry: false.',
  503: 'A part of the platform is not available; see Retry-After.',
  504: 'It took too long.',
};

/** Error answers by status, all of the one envelope. */
export function errorResponses(...statuses: (keyof typeof STATUSES)[]): ZodOpenApiResponsesObject {
  const entries = statuses.map((status): [string, ZodOpenApiResponseObject] => [
    String(status),
    {
      description: STATUSES[status] ?? 'An error.',
      content: { 'application/json': { schema: errorBodySchema } },
    },
  ]);
  return Object.fromEntries(entries);
}
