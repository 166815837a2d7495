import { z } from 'zod';
import type { ExtractionOptions } from './options.ts';
import { storedReview, storedReviewSchema } from './review-option.ts';

/** The column `options` of an extraction; that of a batch has it too, beside its own. Nothing personal. */
export const storedOptionsSchema = z.object({
  reject_low_quality: z.boolean(),
  store_image: z.boolean(),
  webhook: z.boolean().default(false),
  review: storedReviewSchema,
  cards: z.literal('all').optional(),
});

export type RunOptions = Pick<ExtractionOptions, 'rejectLowQuality' | 'storeImage' | 'review' | 'cards'>;

/** @param webhook whether somebody is to be told of the end */
export function storedOptions(options: RunOptions, webhook: boolean) {
  return {
    reject_low_quality: options.rejectLowQuality,
    store_image: options.storeImage,
    webhook,
    ...storedReview(options.review),
    ...(options.cards && { cards: options.cards }),
  };
}

/** Reverses {@link storedOptions}. */
export function runOptions(stored: z.infer<typeof storedOptionsSchema>): RunOptions & { readonly webhook: boolean } {
  const { cards, reject_low_quality, review, store_image, webhook } = stored;
  return {
    rejectLowQuality: reject_low_quality,
    storeImage: store_image,
    webhook,
    ...(review && { review }),
    ...(cards && { cards }),
  };
}
