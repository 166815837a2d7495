import { z } from 'zod';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import { ktpResultSchema } from '../../ktp/schema.ts';
import { pageQuerySchema } from '../http/pagination.ts';
import { REVIEW_STATUSES, reviewShape } from './review-state.ts';

export const REVIEWS_PATH = '/v1/ktp/reviews';

const MAX_VALUE_LENGTH = 200;
const MAX_NOTE_LENGTH = 1000;

const reviewerSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'Must be 1-64 of A-Z a-z 0-9 . _ -')
  .nullish()
  .describe('Tells apart those who share a key: an id of the person or the window. Default: the key alone.');

/** Body of claim and release; may be left out. */
export const holdSchema = z.strictObject({ reviewer: reviewerSchema }).meta({ id: 'ReviewHold' });

export const decideSchema = z
  .strictObject({
    fields: z
      .partialRecord(
        z.enum(FIELD_NAMES),
        z
          .string()
          .max(MAX_VALUE_LENGTH)
          .regex(/^\P{Cc}*$/u, 'Must not contain control characters.')
          .nullable(),
      )
      .default({})
      .describe('Values that differ from what was read; null: the card shows none. The rest is confirmed as it is.'),
    outcome: z.enum(['confirmed', 'rejected']),
    note: z.string().max(MAX_NOTE_LENGTH).nullish().describe('Kept sealed with the decision.'),
    force: z.boolean().nullish().describe('Take values that break a rule: cards do.'),
    dry_run: z.boolean().nullish().describe('Only check the values, and keep the claim: nothing is decided.'),
    reviewer: reviewerSchema,
  })
  .meta({ id: 'ReviewDecision' });
export type DecideBody = z.infer<typeof decideSchema>;

export const listQuerySchema = pageQuerySchema.extend({
  status: z.enum(REVIEW_STATUSES).optional(),
  field: z.enum(FIELD_NAMES).optional().describe('Those of which this field is in doubt.'),
  batch: z.string().max(128).optional().describe('Id of a batch.'),
});

export const pictureQuerySchema = z.object({
  field: z.enum(FIELD_NAMES).optional().describe('The place of this field alone.'),
});

export const exportQuerySchema = z.object({ batch: z.string().max(128).optional().describe('Id of a batch.') });

const listedShape = {
  id: z.string().describe('That of the extraction.'),
  object: z.literal('ktp.review'),
  batch_id: z.string().nullable(),
  ...reviewShape,
  links: z.object({
    self: z.string(),
    extraction: z.string(),
    picture: z.string().nullable().describe('The upright picture; null when it is gone.'),
  }),
};

/** As lists show it: nothing of what the card says. */
export const listedReviewSchema = z.object(listedShape).meta({ id: 'ListedReview' });

export const reviewSchema = z
  .object({
    ...listedShape,
    result: ktpResultSchema.nullable().describe('As it was read; once decided, as it was decided.'),
    note: z.string().nullable(),
  })
  .meta({ id: 'Review' });
