import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { pageSchema } from '../http/pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import { ACCESS_LOG_PATH, SUBJECTS_PATH } from './routes.ts';
import { accessLogEntrySchema, accessLogQuerySchema, searchSchema, subjectRecordSchema } from './schemas.ts';

const tags = ['Privacy'];

export const subjectPaths: ZodOpenApiPathsObject = {
  [SUBJECTS_PATH]: {
    post: {
      tags,
      summary: 'Which records concern the holder of a NIK',
      description:
        "For a data subject's request: what is kept, who has read it when, when it was erased. Found by a keyed hash of the NIK that was read; a card that was misread is not found. Goes through all tenants.",
      requestBody: { required: true, content: { 'application/json': { schema: searchSchema } } },
      responses: {
        200: {
          description: 'A page of records, newest first.',
          content: { 'application/json': { schema: pageSchema(subjectRecordSchema) } },
        },
        ...errorResponses(400, 401, 403, 413, 503),
      },
    },
  },
  [ACCESS_LOG_PATH]: {
    get: {
      tags,
      summary: 'The access log: as JSON lines, oldest first, or page by page, newest first',
      description: 'An entry: at, action, key, record, request_id, tenant.',
      requestParams: { query: accessLogQuerySchema },
      responses: {
        200: {
          description: 'JSON lines, or with format=list a page.',
          content: {
            'application/x-ndjson': { schema: { type: 'string' } },
            'application/json': { schema: pageSchema(accessLogEntrySchema) },
          },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
};
