import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { chatRequestSchema } from '../../chat/request.ts';
import { errorResponses } from '../openapi/responses.ts';
import { answerWebhookFields } from './answer-webhook.ts';
import { modelListQuerySchema } from './model-list-query.ts';

const tags = ['Chat'];
const session = z.object({ session: z.string() });
const lastEventId = z.string().optional().describe('SESSION:INDEX of the last event that was seen.');

const usageSchema = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.number() }),
});
const finishReasonSchema = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

const completionSchema = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.number(),
    model: z.string(),
    system_fingerprint: z.string(),
    choices: z.array(
      z.object({
        index: z.number(),
        message: z.looseObject({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.null(),
          reasoning: z.string().optional(),
        }),
        logprobs: z.unknown(),
        finish_reason: finishReasonSchema,
      }),
    ),
    usage: usageSchema,
    usage_estimated: z.literal(true).optional().describe('The engine gave no count; this one was made here.'),
    cancelled: z.literal(true).optional(),
    session_id: z.string(),
    context: z.unknown().optional().describe('What was left out of the messages to fit them into the context.'),
  })
  .meta({ id: 'ChatCompletion' });

const chunkSchema = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.number(),
    model: z.string(),
    choices: z.array(
      z.object({ index: z.number(), delta: z.looseObject({}), finish_reason: finishReasonSchema.nullable() }),
    ),
    usage: usageSchema.nullable().optional(),
  })
  .meta({ id: 'ChatCompletionChunk' });

const streamHeaders = z.object({
  'x-session-id': z.string(),
  'x-session-expires': z.string().optional().describe('Unix seconds; on replays of an answer that has ended.'),
});
const modelSchema = z
  .object({ id: z.string(), object: z.literal('model'), created: z.number(), owned_by: z.string() })
  .meta({ id: 'Model' });
const modelListSchema = z.object({
  object: z.literal('list'),
  data: z.array(modelSchema),
  first_id: z.string(),
  last_id: z.string(),
  has_more: z.boolean(),
});

export const chatPaths: ZodOpenApiPathsObject = {
  '/v1/chat/completions': {
    post: {
      tags,
      summary: 'Answer a conversation, streamed or whole',
      requestParams: {
        header: z.object({
          'last-event-id': lastEventId,
          'idempotency-key': z.string().optional(),
        }),
        query: z.object({ last_event_id: lastEventId }),
      },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: chatRequestSchema.extend(answerWebhookFields) } },
      },
      responses: {
        200: {
          description: 'The answer; as events, each with the id SESSION:INDEX and a chunk as its data, then [DONE].',
          headers: streamHeaders,
          content: { 'application/json': { schema: completionSchema }, 'text/event-stream': { schema: chunkSchema } },
        },
        ...errorResponses(400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504),
      },
    },
  },
  '/v1/chat/completions/{session}/stream': {
    get: {
      tags,
      summary: "Follow a session's last answer, from any event on",
      requestParams: {
        path: session,
        header: z.object({ 'last-event-id': lastEventId }),
        query: z.object({ last_event_id: lastEventId, starting_after: z.string().optional() }),
      },
      responses: {
        200: {
          description: 'The events.',
          headers: streamHeaders,
          content: { 'text/event-stream': { schema: chunkSchema } },
        },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
  '/v1/cancel/{session}': {
    post: {
      tags,
      summary: "Stop a session's running answer",
      requestParams: { path: session },
      responses: {
        200: {
          description: 'What the answer is now; the same when asked again.',
          content: {
            'application/json': {
              schema: z.object({
                ok: z.literal(true),
                session_id: z.string(),
                status: z.enum(['cancelled', 'finished', 'not_found']),
              }),
            },
          },
        },
        ...errorResponses(401, 403, 503),
      },
    },
  },
  '/v1/models': {
    get: {
      tags,
      summary: 'Models on offer',
      requestParams: { query: modelListQuerySchema },
      responses: {
        200: {
          description: 'All of them.',
          content: {
            'application/json': { schema: modelListSchema },
          },
        },
        ...errorResponses(400, 401),
      },
    },
  },
  '/v1/models/{id}': {
    get: {
      tags,
      summary: 'One model',
      requestParams: { path: z.object({ id: z.string() }) },
      responses: {
        200: { description: 'The model.', content: { 'application/json': { schema: modelSchema } } },
        ...errorResponses(401, 404),
      },
    },
  },
};
