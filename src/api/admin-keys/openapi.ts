import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { idempotencyHeaderSchema } from '../extractions/request-schema.ts';
import { pageQuerySchema, pageSchema } from '../http/pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import { ADMIN_KEYS_PATH } from './routes.ts';
import { createdKeySchema, createKeySchema, keySchema, shownKeySchema } from './schemas.ts';

const tags = ['Keys'];
const path = z.object({ id: z.string() });
const errors = errorResponses(400, 401, 403, 503);

export const adminKeyPaths: ZodOpenApiPathsObject = {
  [ADMIN_KEYS_PATH]: {
    post: {
      tags,
      summary: 'Create a key; it is shown once',
      description:
        'Shown once; a repeat of the request with the same Idempotency-Key is shown it again for a day. The first key ends access without one. What was made without a key belongs to the tenant `anonymous`: the key in the home of the embedded shape sees it, and so does a key that is created for that tenant.',
      requestParams: { header: idempotencyHeaderSchema },
      requestBody: { required: true, content: { 'application/json': { schema: createKeySchema } } },
      responses: {
        201: { description: 'The key.', content: { 'application/json': { schema: createdKeySchema } } },
        ...errorResponses(400, 401, 403, 413, 422, 503),
      },
    },
    get: {
      tags,
      summary: 'List the keys, newest first',
      requestParams: { query: pageQuerySchema },
      responses: {
        200: { description: 'A page of keys.', content: { 'application/json': { schema: pageSchema(keySchema) } } },
        ...errors,
      },
    },
  },
  [`${ADMIN_KEYS_PATH}/{id}`]: {
    delete: {
      tags,
      summary: 'Revoke a key at once',
      requestParams: { path },
      responses: { 204: { description: 'Revoked.' }, ...errorResponses(400, 401, 403, 404, 503) },
    },
  },
  [`${ADMIN_KEYS_PATH}/{id}/rotate`]: {
    post: {
      tags,
      summary: 'Replace a key by a new one of the same id; the old one ends at once',
      requestParams: { path },
      responses: {
        200: { description: 'The new key.', content: { 'application/json': { schema: shownKeySchema } } },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
};
