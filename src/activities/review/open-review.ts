import { randomBytes } from 'node:crypto';
import type { ExtractionOutcome, StoredResult } from '../../contract/extraction-activities.ts';
import type { OpenReview, ReviewPolicy } from '../../contract/review.ts';
import { resultContext } from '../../encryption/contexts.ts';
import { type Keyring, unsealJson } from '../../encryption/keyring.ts';
import { findDoubts, leastConfidence } from '../../ktp/review/find-doubts.ts';
import { ktpResultSchema } from '../../ktp/schema.ts';
import type { Database } from '../../storage/database.ts';
import { usageColumn } from '../extraction/usage-column.ts';

export interface ReviewDependencies {
  readonly database: Database;
  readonly keyring: Keyring;
}

export interface OpenReviewDependencies extends ReviewDependencies {
  /** How long a result is kept once it was decided, in milliseconds. */
  readonly retentionMs: number;
}

export interface ReadCard {
  readonly extractionId: string;
  readonly attempts: number;
  readonly outcome: Extract<ExtractionOutcome, { status: 'succeeded' }>;
  readonly review: ReviewPolicy;
  readonly storeImage: boolean;
}

/**
 * Stores a reading that a person is to look at as waiting; once, as storeResult.
 * @returns its wait; 'not needed': nothing was stored, it is sure enough; null: the row is final, or gone
 */
export async function openReview(
  { database, keyring, retentionMs }: OpenReviewDependencies,
  { attempts, extractionId, outcome, review, storeImage }: ReadCard,
): Promise<StoredResult | 'not needed'> {
  const where = { id: extractionId };
  const row = await database.extraction.findUnique({
    where,
    select: {
      status: true,
      tenant: true,
      batchId: true,
      wrappedKey: true,
      review: true,
    },
  });
  // An attempt whose answer was lost.
  if (row?.status === 'needs_review' && row.review) return waitOf(row.review);
  if (row?.status !== 'queued') return null;
  const sealedResult = Buffer.from(outcome.sealedResult, 'base64');
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  const result = ktpResultSchema.parse(unsealJson(dataKey, sealedResult, resultContext(extractionId)));
  const fields = findDoubts(result, review);
  if (review.mode === 'doubtful' && fields.length === 0) return 'not needed';

  const now = new Date();
  const deadline = new Date(now.getTime() + review.timeoutSeconds * 1000);
  const wait = {
    tenant: row.tenant,
    batchId: row.batchId,
    round: randomBytes(8).toString('hex'),
    fields,
    least: leastConfidence(result, fields),
    picture: outcome.upright ?? null,
    onTimeout: review.onTimeout,
    storeImage,
    createdAt: now,
    deadline,
    claimedBy: null,
    reviewer: null,
    claimedAt: null,
    leaseUntil: null,
    outcome: null,
    decisionId: null,
    decidedBy: null,
    decidedAt: null,
    durationMs: null,
  };
  return await database.$transaction(async (transaction) => {
    const { count } = await transaction.extraction.updateMany({
      where: { ...where, status: 'queued' },
      data: {
        status: 'needs_review',
        attempts,
        sealedResult,
        timings: { ...outcome.timings },
        ...usageColumn(outcome),
        startedAt: new Date(outcome.startedAt),
        errorCode: null,
        errorMessage: null,
        // Kept after the decision for as long as any other result.
        expiresAt: new Date(deadline.getTime() + retentionMs),
      },
    });
    if (count === 0) {
      // An attempt that was taken for dead was faster: its wait is the one that a person sees.
      const kept = await transaction.extraction.findUnique({ where, select: { status: true, review: true } });
      return kept?.status === 'needs_review' && kept.review ? waitOf(kept.review) : null;
    }
    await transaction.review.upsert({
      where: { extractionId },
      create: { extractionId, ...wait },
      update: wait,
    });
    return waitOf(wait);
  });
}

function waitOf({ deadline, round }: { readonly deadline: Date; readonly round: string }): OpenReview {
  return { round, deadline: deadline.toISOString() };
}
