import { z } from 'zod';
import { REVIEW_OUTCOMES } from '../../contract/review.ts';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import type { Review } from '../../storage/generated/client.ts';

export const REVIEW_STATUSES = ['open', 'claimed', 'decided'] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

const time = z.iso.datetime();

/** How a wait stands; nothing of what the card says. */
export const reviewShape = {
  status: z.enum(REVIEW_STATUSES),
  fields: z.array(z.enum(FIELD_NAMES)).max(FIELD_NAMES.length).describe('The fields in doubt.'),
  least_confidence: z.number().min(0).max(1).describe('Of the least sure of them.'),
  created_at: time,
  expires_at: time.describe('Until then it waits, and its picture is kept.'),
  on_timeout: z.enum(['deliver', 'expire']),
  claimed_by: z.string().nullable().describe('Id of the key that holds it, and the name given with it.'),
  claimed_until: time.nullable(),
  outcome: z
    .enum(REVIEW_OUTCOMES)
    .nullable()
    .describe('delivered: nobody came in time, and it counts as it was read. null while it waits.'),
  decided_by: z.string().nullable(),
  decided_at: time.nullable(),
  duration_ms: z.number().int().nullable().describe('From the claim to the decision.'),
};

/** As the job object shows it. */
export const reviewStateSchema = z
  .object(reviewShape)
  .nullable()
  .describe('Where the card waits, or has waited, for a person; null else.');
export type ReviewState = z.infer<typeof reviewStateSchema>;

/** Where `now` is past the lease, nobody has it. */
export function renderReviewState(row: Review, now = new Date()): NonNullable<ReviewState> {
  const isHeld = row.outcome === null && row.leaseUntil !== null && row.leaseUntil > now;
  return {
    status: row.outcome !== null ? 'decided' : isHeld ? 'claimed' : 'open',
    fields: z.array(z.enum(FIELD_NAMES)).parse(row.fields),
    least_confidence: row.least,
    created_at: row.createdAt.toISOString(),
    expires_at: row.deadline.toISOString(),
    on_timeout: z.enum(['deliver', 'expire']).parse(row.onTimeout),
    claimed_by: isHeld ? holderName(row.claimedBy, row.reviewer) : null,
    claimed_until: isHeld && row.leaseUntil ? row.leaseUntil.toISOString() : null,
    outcome: z.enum(REVIEW_OUTCOMES).nullable().parse(row.outcome),
    decided_by: row.decidedBy,
    decided_at: row.decidedAt?.toISOString() ?? null,
    duration_ms: row.durationMs,
  };
}

/** The key's id, and who of those that share it. */
export function holderName(actor: string | null, reviewer: string | null): string {
  return reviewer === null ? (actor ?? '') : `${actor ?? ''}/${reviewer}`;
}
