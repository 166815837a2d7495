import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { idempotencyHeaderSchema, waitQuerySchema } from '../extractions/request-schema.ts';
import { pageQuerySchema, pageSchema } from '../http/pagination.ts';
import { eventOfJson } from '../openapi/events.ts';
import { errorResponses } from '../openapi/responses.ts';
import { batchSchema, failureSchema, itemSchema } from './batch-schema.ts';
import { BATCHES_PATH } from './render-batch.ts';
import {
  addItemsSchema,
  createBatchSchema,
  itemsQuerySchema,
  MOST_BATCH_ITEMS,
  resultsQuerySchema,
  retrySchema,
} from './request-schema.ts';
import { linkRequestSchema, linkSchema } from './result-link.ts';

const tags = ['Batches'];
const path = z.object({ id: z.string() });
const file = z.string().meta({ override: { type: 'string', format: 'binary' } });
const json = (text: string) => z.string().optional().describe(text);
const batch = { 'application/json': { schema: batchSchema } };
const pollHeaders = z.object({
  'retry-after': z.string().optional().describe('Seconds until polling makes sense; missing once it is final.'),
});
const byId = `${BATCHES_PATH}/{id}`;
const notFoundErrors = errorResponses(401, 403, 404, 503);

export const batchPaths: ZodOpenApiPathsObject = {
  [BATCHES_PATH]: {
    post: {
      tags,
      summary: 'Hand in many cards',
      description: 'What is wrong with a single image or entry is the error of that item, and counts in the total.',
      requestParams: { header: idempotencyHeaderSchema },
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: createBatchSchema },
          'multipart/form-data': {
            schema: z.object({
              images: z.array(file).max(MOST_BATCH_ITEMS).optional(),
              archive: file.optional().describe('One ZIP file, instead of images.'),
              options: json('JSON of the same form as `options` of the JSON body.'),
              metadata: json('JSON object of strings.'),
              items: json('JSON array of `{custom_id, metadata}`, one for each image, in their order.'),
              webhook: json('JSON of the same form as `webhook` of the JSON body.'),
              priority: z.enum(['low', 'normal', 'high']).optional(),
              sealed: json('`false`: items may be added.'),
            }),
          },
        },
      },
      responses: {
        202: {
          description: 'Accepted; poll the Location.',
          headers: pollHeaders.extend({ location: z.string().describe('Path of the batch.') }),
          content: batch,
        },
        ...errorResponses(400, 401, 403, 408, 413, 415, 422, 429, 503),
      },
    },
    get: {
      tags,
      summary: 'List the batches, newest first',
      requestParams: { query: pageQuerySchema },
      responses: {
        200: {
          description: 'A page of batches.',
          content: { 'application/json': { schema: pageSchema(batchSchema) } },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [byId]: {
    get: {
      tags,
      summary: 'The batch with its counts',
      requestParams: { path, query: waitQuerySchema },
      responses: {
        200: { description: 'The batch.', headers: pollHeaders, content: batch },
        ...errorResponses(400, 401, 403, 404, 429, 503),
      },
    },
    delete: {
      tags,
      summary: 'Erase results, images and histories; a running one is ended',
      requestParams: { path },
      responses: { 204: { description: 'Erased.' }, ...notFoundErrors },
    },
  },
  [`${byId}/items`]: {
    get: {
      tags,
      summary: 'List the items in the order of the input',
      requestParams: { path, query: itemsQuerySchema },
      responses: {
        200: { description: 'A page of items.', content: { 'application/json': { schema: pageSchema(itemSchema) } } },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
    post: {
      tags,
      summary: 'Add items to a batch that is not sealed',
      description: 'They follow those that there are. An archive makes a batch of its own.',
      requestParams: { path, header: idempotencyHeaderSchema },
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: addItemsSchema },
          'multipart/form-data': {
            schema: z.object({
              images: z.array(file).max(MOST_BATCH_ITEMS),
              items: json('JSON array of `{custom_id, metadata}`, one for each image, in their order.'),
            }),
          },
        },
      },
      responses: {
        202: { description: 'The batch.', headers: pollHeaders, content: batch },
        ...errorResponses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
      },
    },
  },
  [`${byId}/results`]: {
    get: {
      tags,
      summary: 'Stream the results in the order of the input, also while the batch runs',
      requestParams: { path, query: resultsQuerySchema },
      responses: {
        200: {
          description: 'Every item, those without a result too.',
          content: {
            'application/x-ndjson': { schema: z.string() },
            'application/json': { schema: pageSchema(z.unknown()) },
            'text/csv': { schema: z.string() },
            'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': { schema: file },
          },
        },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
  [`${byId}/results/link`]: {
    post: {
      tags,
      summary: 'Make a link to the results that needs no key',
      description: 'It ends with its time, or with the batch; it is not listed anywhere.',
      requestParams: { path },
      requestBody: { content: { 'application/json': { schema: linkRequestSchema } } },
      responses: {
        200: { description: 'The link.', content: { 'application/json': { schema: linkSchema } } },
        ...errorResponses(400, 401, 403, 404, 413, 503),
      },
    },
  },
  [`${byId}/events`]: {
    get: {
      tags,
      summary: 'Progress as server-sent events',
      description: 'Resumable with Last-Event-ID; the last event carries a final status.',
      requestParams: { path },
      responses: {
        200: {
          description: 'Events; data is the batch.',
          content: { 'text/event-stream': { schema: eventOfJson('The batch') } },
        },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
  [`${byId}/cancel`]: {
    post: {
      tags,
      summary: 'Cancel what is not finished',
      requestParams: { path },
      responses: { 200: { description: 'The batch.', content: batch }, ...notFoundErrors },
    },
  },
  [`${byId}/pause`]: {
    post: {
      tags,
      summary: 'Pause it: what is being read is finished, nothing new is begun',
      description: 'Nothing happens to a batch that has ended. One that is paused for RETENTION_DAYS is cancelled.',
      requestParams: { path },
      responses: { 200: { description: 'The batch.', content: batch }, ...notFoundErrors },
    },
  },
  [`${byId}/resume`]: {
    post: {
      tags,
      summary: 'Let a paused one go on',
      requestParams: { path },
      responses: { 200: { description: 'The batch.', content: batch }, ...notFoundErrors },
    },
  },
  [`${byId}/seal`]: {
    post: {
      tags,
      summary: 'Take no more items: it ends with those that there are',
      requestParams: { path },
      responses: { 200: { description: 'The batch.', content: batch }, ...notFoundErrors },
    },
  },
  [`${byId}/failures`]: {
    get: {
      tags,
      summary: 'Why items failed: each error, and of how many items',
      requestParams: { path },
      responses: {
        200: {
          description: 'All errors, the most frequent first.',
          content: { 'application/json': { schema: pageSchema(failureSchema) } },
        },
        ...notFoundErrors,
      },
    },
  },
  [`${byId}/retry`]: {
    post: {
      tags,
      summary: 'Read the failed items again, in the same batch',
      requestParams: { path },
      requestBody: { required: false, content: { 'application/json': { schema: retrySchema } } },
      responses: {
        202: { description: 'The batch.', headers: pollHeaders, content: batch },
        409: {
          description: 'It is still running.',
          content: {
            'application/json': {
              schema: z.object({ error: z.object({ code: z.enum(['batch_running', 'batch_cancelled']) }) }),
            },
          },
        },
        ...errorResponses(400, 413),
        ...notFoundErrors,
      },
    },
  },
};
