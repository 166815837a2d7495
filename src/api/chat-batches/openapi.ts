import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { idempotencyHeaderSchema } from '../extractions/request-schema.ts';
import { openAiPageObjectSchema } from '../http/openai-pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import { CHAT_BATCHES_PATH, chatBatchListQuerySchema, chatBatchSchema, createChatBatchSchema } from './schemas.ts';

const tags = ['Chat batches'];
const path = z.object({ id: z.string() });
const batch = { description: 'The batch.', content: { 'application/json': { schema: chatBatchSchema } } };

export const chatBatchPaths: ZodOpenApiPathsObject = {
  [CHAT_BATCHES_PATH]: {
    post: {
      tags,
      summary: 'Answer the chat requests of a file',
      requestParams: { header: idempotencyHeaderSchema },
      requestBody: { required: true, content: { 'application/json': { schema: createChatBatchSchema } } },
      responses: { 200: batch, ...errorResponses(400, 401, 403, 404, 413, 422, 503) },
    },
    get: {
      tags,
      summary: 'List batches of chat requests, newest first',
      requestParams: { query: chatBatchListQuerySchema },
      responses: {
        200: {
          description: 'A page of batches.',
          content: { 'application/json': { schema: openAiPageObjectSchema(chatBatchSchema) } },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [`${CHAT_BATCHES_PATH}/{id}`]: {
    get: {
      tags,
      summary: 'Describe a batch of chat requests',
      requestParams: { path },
      responses: { 200: batch, ...errorResponses(401, 403, 404, 503) },
    },
  },
  [`${CHAT_BATCHES_PATH}/{id}/cancel`]: {
    post: {
      tags,
      summary: 'Cancel a batch of chat requests; what is answered stays',
      requestParams: { path },
      responses: { 200: batch, ...errorResponses(401, 403, 404, 503) },
    },
  },
};
