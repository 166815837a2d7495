import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { responseRequestSchema } from '../../responses/request-schema.ts';
import { answerWebhookFields } from '../chat/answer-webhook.ts';
import { errorResponses } from '../openapi/responses.ts';

const tags = ['Responses'];
const path = z.object({ id: z.string() });

const responseSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.number(),
    status: z.enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    background: z.boolean(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.object({ reason: z.string() }).nullable(),
    model: z.string(),
    output: z.array(z.looseObject({ id: z.string(), type: z.enum(['reasoning', 'message', 'function_call']) })),
    usage: z.looseObject({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }).nullable(),
  })
  .meta({ id: 'Response' });

const eventSchema = z
  .looseObject({ type: z.string(), sequence_number: z.number() })
  .meta({ id: 'ResponseEvent', description: 'Named and numbered as OpenAI does; the same on every replay.' });

const itemsSchema = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: z.string(), type: z.string() })),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

const json = { 'application/json': { schema: responseSchema } };
const jsonOrEvents = { ...json, 'text/event-stream': { schema: eventSchema } };

export const responsePaths: ZodOpenApiPathsObject = {
  '/v1/responses': {
    post: {
      tags,
      summary: 'Answer an input, streamed, whole or in the background',
      requestParams: { header: z.object({ 'idempotency-key': z.string().optional() }) },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: responseRequestSchema.extend(answerWebhookFields) } },
      },
      responses: {
        200: { description: 'The response, or its events.', content: jsonOrEvents },
        ...errorResponses(400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504),
      },
    },
  },
  '/v1/responses/{id}': {
    get: {
      tags,
      summary: 'A response as it is, or its events from any number on',
      requestParams: {
        path,
        query: z.object({
          stream: z.enum(['true', 'false']).optional(),
          starting_after: z.string().optional().describe('`sequence_number` of the last event that was seen.'),
        }),
      },
      responses: {
        200: { description: 'The response, or its events.', content: jsonOrEvents },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
    delete: {
      tags,
      summary: 'Cancel and erase a response',
      requestParams: { path },
      responses: {
        200: {
          description: 'It is gone.',
          content: {
            'application/json': {
              schema: z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) }),
            },
          },
        },
        ...errorResponses(401, 403, 404, 503),
      },
    },
  },
  '/v1/responses/{id}/cancel': {
    post: {
      tags,
      summary: 'Stop a running response',
      requestParams: { path },
      responses: {
        200: { description: 'What there is of it.', content: json },
        ...errorResponses(401, 403, 404, 503),
      },
    },
  },
  '/v1/responses/{id}/input_items': {
    get: {
      tags,
      summary: 'What was put in',
      requestParams: {
        path,
        query: z.object({
          limit: z.string().optional(),
          order: z.enum(['asc', 'desc']).optional(),
          after: z.string().optional(),
        }),
      },
      responses: {
        200: { description: 'The items.', content: { 'application/json': { schema: itemsSchema } } },
        ...errorResponses(400, 401, 403, 404),
      },
    },
  },
};
