import { updateDefinition } from './definitions.ts';
import type { WebhookInput } from './webhook.ts';

/** What clients, activities and workflows say to each other about cards that wait for a person. */

export const REVIEW_WORKFLOW = 'reviewWorkflow';

/** One workflow id a card: an item that is read again may wait again, in another run of it. */
export function reviewWorkflowId(extractionId: string): string {
  return `review-${extractionId}`;
}

export const REVIEW_MODES = ['never', 'doubtful', 'always'] as const;
export const REVIEW_TIMEOUTS = ['deliver', 'expire'] as const;
export type OnReviewTimeout = (typeof REVIEW_TIMEOUTS)[number];

/** Which cards wait, and for how long. */
export interface ReviewPolicy {
  readonly mode: 'doubtful' | 'always';
  /** Confidence below which a field is in doubt, 0-1. */
  readonly threshold: number;
  /** The same for single fields, by their names. */
  readonly thresholds: Readonly<Record<string, number>>;
  readonly timeoutSeconds: number;
  readonly onTimeout: OnReviewTimeout;
}

/** A card that waits, as the activity that stored its reading says. */
export interface OpenReview {
  readonly round: string;
  /** ISO 8601. */
  readonly deadline: string;
}

/** Input of `reviewWorkflow`; everything else is in the rows. */
export interface ReviewInput extends OpenReview {
  readonly extractionId: string;
  /** Told of the end; absent: nobody is. */
  readonly webhook?: WebhookInput;
}

export const REVIEW_OUTCOMES = ['confirmed', 'rejected', 'delivered', 'expired', 'cancelled'] as const;
/** delivered: as it was read, since nobody came in time. */
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

/** What became of a wait. */
export interface ReviewEnd {
  /** null: the card is gone. */
  readonly outcome: ReviewOutcome | null;
  /** The decision that counted; null where none did. */
  readonly decisionId: string | null;
}

/** A decision lies sealed in its row: the history names it only. */
export interface DecideInput {
  readonly decisionId: string;
}

/** Answers with the end, whoever's decision it was. Rejected with the type `review_decided` once another one counts. */
export const decideUpdate = updateDefinition<ReviewEnd, [DecideInput]>('decide');

export interface CloseReviewInput {
  readonly extractionId: string;
  readonly round: string;
  readonly reason: { readonly decisionId: string } | 'timeout' | 'cancelled';
}

/** Activities of the role `worker`. */
export interface ReviewActivities {
  /** Writes the end of a wait, once: a repeat answers with the end that was written. */
  closeReview(input: CloseReviewInput): Promise<ReviewEnd>;
}
