import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { BATCHES_PATH } from '../batches/render-batch.ts';
import { COMPLETIONS_PATH } from '../chat/routes.ts';
import { EXTRACTIONS_PATH } from '../extractions/collection.ts';
import { pageQuerySchema, pageSchema } from '../http/pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import { RESPONSES_PATH } from '../responses/routes.ts';
import { deliverySchema } from './schemas.ts';

const tags = ['Webhooks'];
const id = z.string();

function pathsUnder(path: string, subject: string): ZodOpenApiPathsObject {
  return {
    [`${path}/{id}/deliveries`]: {
      get: {
        tags,
        summary: `What was told to the webhook of ${subject}, newest first`,
        requestParams: { path: z.object({ id }), query: pageQuerySchema },
        responses: {
          200: {
            description: 'A page of deliveries.',
            content: { 'application/json': { schema: pageSchema(deliverySchema) } },
          },
          ...errorResponses(400, 401, 403, 404, 503),
        },
      },
    },
    [`${path}/{id}/deliveries/{delivery}/redeliver`]: {
      post: {
        tags,
        summary: `Tell the webhook of ${subject} once more, under the same webhook-id`,
        requestParams: { path: z.object({ id, delivery: z.string() }) },
        responses: {
          202: { description: 'The delivery.', content: { 'application/json': { schema: deliverySchema } } },
          ...errorResponses(401, 403, 404, 503),
        },
      },
    },
  };
}

export const webhookPaths: ZodOpenApiPathsObject = {
  ...pathsUnder(EXTRACTIONS_PATH, 'an extraction'),
  ...pathsUnder(BATCHES_PATH, 'a batch'),
  ...pathsUnder(COMPLETIONS_PATH, "a session's answers"),
  ...pathsUnder(RESPONSES_PATH, 'a response'),
};
