import { z } from 'zod';
import { type Config, vlmEngineOf } from '../../config.ts';
import type { ReviewPolicy } from '../../contract/review.ts';
import { STRATEGIES, type Strategy } from '../../contract/strategies.ts';
import { KtpflowError } from '../../errors.ts';
import { toWebhookTarget, type WebhookTarget, webhookSchema } from '../intake/webhook-target.ts';
import { reviewSchema, toReviewPolicy } from './review-option.ts';

const MAX_METADATA_PAIRS = 16;

export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, `At most ${MAX_METADATA_PAIRS} pairs.`);

/** Which cards of a picture or document are read. */
export const CARDS = ['first', 'all'] as const;

/** `null` means absent, as everywhere. */
export const optionsSchema = z
  .strictObject({
    strategy: z.enum(STRATEGIES).nullish().describe('Default: auto.'),
    reject_low_quality: z
      .boolean()
      .nullish()
      .describe('Fail with quality_rejected instead of guessing. Default: false.'),
    review: reviewSchema
      .nullish()
      .describe('Which cards wait for a person, in status needs_review, before they are final. Default: never.'),
    store_image: z.boolean().nullish().describe('Keep the image as long as the result. Default: false.'),
    metadata: metadataSchema.nullish().describe('Up to 16 pairs of strings, given back as they are.'),
    reference_id: z.string().min(1).max(256).nullish().describe("The caller's own id of this card."),
    cards: z
      .enum(CARDS)
      .nullish()
      .describe('all: every card of the picture or document, each a result of its own. Default: first.'),
    webhook: webhookSchema.nullish().describe('Told when the extraction has ended.'),
  })
  .meta({ id: 'ExtractionOptions' });

export const OPTION_NAMES = Object.keys(optionsSchema.shape);

/** What an extraction is asked to do, with every default in place. */
export interface ExtractionOptions {
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  readonly storeImage: boolean;
  readonly metadata: Record<string, string> | null;
  readonly referenceId: string | null;
  readonly webhook: WebhookTarget | null;
  /** Absent: no card waits for a person. */
  readonly review?: ReviewPolicy;
  /** Absent: the first one. */
  readonly cards?: 'all';
}

/** @throws KtpflowError unsupported, for what this version or this configuration cannot do */
export function toExtractionOptions(
  options: z.infer<typeof optionsSchema> | null | undefined,
  config: Config,
): ExtractionOptions {
  const strategy = options?.strategy ?? 'auto';
  if ((strategy === 'vlm' || strategy === 'hybrid') && vlmEngineOf(config) === 'none') {
    const message = `The strategy ${strategy} needs a vision-language model, and none is configured on this server.`;
    throw new KtpflowError('unsupported', message, { param: 'options.strategy' });
  }
  const review = toReviewPolicy(options?.review, config);
  if (review && options?.cards === 'all') {
    const message = 'A person reviews one card a picture: leave out review, or cards.';
    throw new KtpflowError('unsupported', message, { param: 'options.review' });
  }
  return {
    strategy,
    rejectLowQuality: options?.reject_low_quality ?? false,
    storeImage: options?.store_image ?? false,
    metadata: options?.metadata ?? null,
    referenceId: options?.reference_id ?? null,
    webhook: toWebhookTarget(options?.webhook),
    // Left out where there is none: repeats are known by all of this.
    ...(review && { review }),
    ...(options?.cards === 'all' && { cards: 'all' }),
  };
}

export function unsupported(param: string, what: string): KtpflowError {
  return new KtpflowError('unsupported', `${what} are not supported by this version.`, { param });
}
