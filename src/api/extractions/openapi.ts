import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { compatibleCardSchema } from '../../ktp/schema.ts';
import { pageSchema } from '../http/pagination.ts';
import { eventOfJson } from '../openapi/events.ts';
import { errorResponses } from '../openapi/responses.ts';
import { EXTRACTIONS_PATH } from './collection.ts';
import { jobSchema } from './job-schema.ts';
import { listQuerySchema } from './list.ts';
import { createBodySchema, idempotencyHeaderSchema, jobQuerySchema, waitQuerySchema } from './request-schema.ts';

const tags = ['Extractions'];
const path = z.object({ id: z.string() });
const file = z.string().meta({ override: { type: 'string', format: 'binary' } });
const job = { 'application/json': { schema: jobSchema } };
const pollHeaders = z.object({
  location: z.string().describe('Path of the extraction.'),
  'retry-after': z.string().optional().describe('Seconds until polling makes sense; missing once it is final.'),
  etag: z.string(),
});

export const ktpOcrPaths: ZodOpenApiPathsObject = {
  '/ktp-ocr/': {
    post: {
      tags: ['KTP'],
      summary: 'Read one card and wait for its fields',
      requestBody: { required: true, content: { 'multipart/form-data': { schema: z.object({ image: file }) } } },
      responses: {
        200: {
          description: 'The fields; empty where they could not be read.',
          headers: z.object({ 'x-extraction-id': z.string(), 'server-timing': z.string() }),
          content: { 'application/json': { schema: compatibleCardSchema.meta({ id: 'CompatibleCard' }) } },
        },
        ...errorResponses(400, 401, 403, 408, 413, 415, 422, 429, 500, 503, 504),
      },
    },
  },
};

export const extractionPaths: ZodOpenApiPathsObject = {
  [EXTRACTIONS_PATH]: {
    post: {
      tags,
      summary: 'Start reading a card',
      requestParams: { query: waitQuerySchema, header: idempotencyHeaderSchema },
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: createBodySchema },
          'multipart/form-data': {
            schema: z.object({
              image: file,
              options: z.string().optional().describe('JSON of the same form as `options` of the JSON body.'),
            }),
          },
        },
      },
      responses: {
        200: { description: 'Finished within `wait`, in any final state.', headers: pollHeaders, content: job },
        202: { description: 'Accepted; poll the Location.', headers: pollHeaders, content: job },
        ...errorResponses(400, 401, 403, 408, 413, 415, 422, 429, 503, 504),
      },
    },
    get: {
      tags,
      summary: 'List single extractions, newest first, without their results',
      description: 'With status queued or running a page may be short although more follow: has_more says so.',
      requestParams: { query: listQuerySchema },
      responses: {
        200: {
          description: 'A page of extractions.',
          content: { 'application/json': { schema: pageSchema(jobSchema) } },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [`${EXTRACTIONS_PATH}/{id}/events`]: {
    get: {
      tags,
      summary: 'Progress as server-sent events',
      description: 'Resumable with Last-Event-ID; the last event carries a final status. Results are left out.',
      requestParams: { path },
      responses: {
        200: {
          description: 'Events; data is the extraction.',
          content: { 'text/event-stream': { schema: eventOfJson('The extraction') } },
        },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
  [`${EXTRACTIONS_PATH}/{id}`]: {
    get: {
      tags,
      summary: 'The extraction, with its result once it has one',
      requestParams: { path, query: jobQuerySchema },
      responses: {
        200: { description: 'The extraction.', headers: pollHeaders.omit({ location: true }), content: job },
        304: { description: 'Unchanged since the ETag of If-None-Match.' },
        ...errorResponses(400, 401, 403, 404, 429, 503),
      },
    },
    delete: {
      tags,
      summary: 'Erase result, image and history; a running one is ended',
      requestParams: { path },
      responses: { 204: { description: 'Erased.' }, ...errorResponses(401, 403, 404, 503) },
    },
  },
  [`${EXTRACTIONS_PATH}/{id}/cancel`]: {
    post: {
      tags,
      summary: 'Cancel; one that is final stays as it is',
      requestParams: { path },
      responses: {
        200: { description: 'The extraction.', content: job },
        ...errorResponses(401, 403, 404, 503),
      },
    },
  },
};
