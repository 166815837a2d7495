import { z } from 'zod';
import type { Config } from '../../config.ts';
import { REVIEW_MODES, REVIEW_TIMEOUTS, type ReviewPolicy } from '../../contract/review.ts';
import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';

const MAX_TIMEOUT_HOURS = 720;
const SECONDS_AN_HOUR = 3600;

const modeSchema = z.enum(REVIEW_MODES);
const share = z.number().min(0).max(1);

/** Which cards are to wait for a person: a mode, or a mode with its settings. */
export const reviewSchema = z
  .union([
    modeSchema,
    z.strictObject({
      mode: modeSchema,
      threshold: share.nullish().describe('Confidence below which a field is in doubt. Default: REVIEW_THRESHOLD.'),
      thresholds: z
        .partialRecord(z.enum(FIELD_NAMES), share)
        .nullish()
        .describe('The same for single fields; 0: never in doubt.'),
      timeout_hours: z
        .number()
        .positive()
        .max(MAX_TIMEOUT_HOURS)
        .nullish()
        .describe('Longest wait; the picture is kept as long. Default: REVIEW_TIMEOUT_HOURS.'),
      on_timeout: z
        .enum(REVIEW_TIMEOUTS)
        .nullish()
        .describe('deliver: as it was read; expire: it fails. Default: REVIEW_ON_TIMEOUT.'),
    }),
  ])
  .meta({ id: 'ReviewOption' });

/** With every default in place; null: no card waits. */
export function toReviewPolicy(
  given: z.infer<typeof reviewSchema> | null | undefined,
  config: Config,
): ReviewPolicy | null {
  const option = typeof given === 'string' ? { mode: given } : given;
  if (!option || option.mode === 'never') return null;
  const thresholds: Partial<Record<FieldName, number>> = option.thresholds ?? {};
  return {
    mode: option.mode,
    threshold: option.threshold ?? config.REVIEW_THRESHOLD,
    thresholds: { ...thresholds },
    timeoutSeconds: Math.ceil((option.timeout_hours ?? config.REVIEW_TIMEOUT_HOURS) * SECONDS_AN_HOUR),
    onTimeout: option.on_timeout ?? config.REVIEW_ON_TIMEOUT,
  };
}

/** A policy as it lies in the options of a row. */
export const storedReviewSchema = z
  .object({
    mode: z.enum(['doubtful', 'always']),
    threshold: share,
    thresholds: z.record(z.string(), share),
    timeoutSeconds: z.number(),
    onTimeout: z.enum(REVIEW_TIMEOUTS),
  })
  .optional();

/** The same for the JSON column. */
export function storedReview(policy: ReviewPolicy | undefined) {
  return policy && { review: { ...policy, thresholds: { ...policy.thresholds } } };
}

const askedSchema = z.object({ review: z.looseObject({}) });

/** Whether the options of a row say that it may have to wait for a person. */
export function askedForReview(options: unknown): boolean {
  return askedSchema.safeParse(options).success;
}
