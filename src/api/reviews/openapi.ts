import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { errorBodySchema } from '../http/errors.ts';
import { pageSchema } from '../http/pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import {
  decideSchema,
  exportQuerySchema,
  holdSchema,
  listedReviewSchema,
  listQuerySchema,
  pictureQuerySchema,
  REVIEWS_PATH,
  reviewSchema,
} from './schemas.ts';

const tags = ['Reviews'];
const requestParams = { path: z.object({ id: z.string() }) };
const listed = { 'application/json': { schema: listedReviewSchema } };
const whole = { 'application/json': { schema: reviewSchema } };
const conflict = {
  409: {
    description: 'Another reviewer has it (review_claimed), or has decided it (review_decided).',
    content: { 'application/json': { schema: errorBodySchema } },
  },
};
/** Of taking a card and of giving it back. */
const holding = {
  tags,
  requestParams,
  requestBody: { required: false, content: { 'application/json': { schema: holdSchema } } },
  responses: {
    200: { description: 'The review.', content: listed },
    ...conflict,
    ...errorResponses(400, 401, 403, 404, 413, 503),
  },
};
const byId = `${REVIEWS_PATH}/{id}`;

export const reviewPaths: ZodOpenApiPathsObject = {
  [REVIEWS_PATH]: {
    get: {
      tags,
      summary: 'List the cards that wait for a person, the least sure first',
      requestParams: { query: listQuerySchema },
      responses: {
        200: {
          description: 'A page of reviews, without what the cards say.',
          content: { 'application/json': { schema: pageSchema(listedReviewSchema) } },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [`${REVIEWS_PATH}/export`]: {
    get: {
      tags,
      summary: 'The confirmed cards, in the format of the bench',
      requestParams: { query: exportQuerySchema },
      responses: {
        200: {
          description: 'By the name of the picture: fields in the compatible shape, and what had been read.',
          content: {
            'application/json': {
              schema: z.record(z.string(), z.object({ fields: z.record(z.string(), z.string()), read: z.unknown() })),
            },
          },
        },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [byId]: {
    get: {
      tags,
      summary: 'A review, with what was read of the card',
      requestParams,
      responses: { 200: { description: 'The review.', content: whole }, ...errorResponses(401, 403, 404, 503) },
    },
  },
  [`${byId}/picture`]: {
    get: {
      tags,
      summary: 'The upright picture, or the place of one field; while the card waits',
      requestParams: { ...requestParams, query: pictureQuerySchema },
      responses: {
        200: {
          description: 'The picture.',
          content: { 'image/jpeg': { schema: z.string().meta({ override: { type: 'string', format: 'binary' } }) } },
        },
        ...errorResponses(400, 401, 403, 404, 503),
      },
    },
  },
  [`${byId}/claim`]: {
    post: { ...holding, summary: 'Take it for some minutes; a repeat begins them anew' },
  },
  [`${byId}/release`]: {
    post: { ...holding, summary: 'Give it back' },
  },
  [`${byId}/decide`]: {
    post: {
      tags,
      summary: 'Decide it; a repeat of the same decision changes nothing',
      description: 'A card that nobody has taken is taken by this. The extraction is final when this is answered.',
      requestParams,
      requestBody: { required: true, content: { 'application/json': { schema: decideSchema } } },
      responses: {
        200: { description: 'The review, decided.', content: whole },
        ...conflict,
        ...errorResponses(400, 401, 403, 404, 413, 422, 503),
      },
    },
  },
};
