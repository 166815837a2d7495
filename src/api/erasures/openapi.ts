import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { errorResponses } from '../openapi/responses.ts';
import { certificateSchema, ERASURES_PATH } from './certificate.ts';

export const erasurePaths: ZodOpenApiPathsObject = {
  [`${ERASURES_PATH}/{id}`]: {
    get: {
      tags: ['Privacy'],
      summary: 'Certificate of an erasure',
      description:
        'By the id of the extraction or batch that was deleted. Signed, and without anything personal; kept for ACCESS_LOG_DAYS.',
      requestParams: { path: z.object({ id: z.string() }) },
      responses: {
        200: { description: 'The certificate.', content: { 'application/json': { schema: certificateSchema } } },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
};
