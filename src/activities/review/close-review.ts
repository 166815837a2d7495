import type { CloseReviewInput, ReviewActivities, ReviewEnd, ReviewOutcome } from '../../contract/review.ts';
import { decisionContext, resultContext } from '../../encryption/contexts.ts';
import { type Keyring, sealJson, unsealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import type { FieldName } from '../../ktp/field-names.ts';
import { applyDecision, type DecidedValues } from '../../ktp/review/apply-decision.ts';
import { parseNik } from '../../ktp/rules/nik.ts';
import { ktpResultSchema } from '../../ktp/schema.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Extraction, Review, ReviewDecision } from '../../storage/generated/client.ts';
import type { StoredOutcomes } from '../../storage/stored-outcomes.ts';
import { linkExtractions, type SubjectLink } from '../../storage/subject-records.ts';
import type { ReviewDependencies } from './open-review.ts';

interface CloseDependencies extends ReviewDependencies {
  readonly blobs: BlobStore;
  readonly metrics?: Pick<Metrics, 'extractionFinished'> | undefined;
  readonly outcomes?: StoredOutcomes | undefined;
}

/**
 * Writes what became of a card that waited, once, and deletes its pictures, unless they are kept with the result.
 */
export function createReviewActivities(dependencies: CloseDependencies): ReviewActivities {
  const { blobs, database, keyring, metrics, outcomes } = dependencies;
  return {
    async closeReview({ extractionId, reason, round }: CloseReviewInput): Promise<ReviewEnd> {
      const row = await database.extraction.findUnique({ where: { id: extractionId }, include: { review: true } });
      if (!row?.review || row.review.round !== round) return { outcome: null, decisionId: null };
      if (row.status !== 'needs_review') return endOf(row.review);
      const decision = typeof reason === 'string' ? null : await findDecision(dependencies, reason.decisionId);
      const outcome = outcomeOf(reason, decision, row.review);
      const now = new Date();
      const keptMs = row.expiresAt.getTime() - row.review.deadline.getTime();
      const [{ count }] = await database.$transaction([
        database.extraction.updateMany({
          where: { id: extractionId, status: 'needs_review' },
          data: {
            ...outcomeColumns(dependencies, row, row.review, outcome, decision),
            finishedAt: now,
            ...(row.batchId === null && { expiresAt: new Date(now.getTime() + keptMs) }),
            ...(!row.review.storeImage && { blob: null }),
          },
        }),
        database.review.updateMany({
          where: { extractionId, round, outcome: null },
          data: {
            outcome,
            decisionId: decision?.id ?? null,
            decidedBy: decision?.decidedBy ?? null,
            decidedAt: decision?.createdAt ?? now,
            durationMs: durationOf(decision),
            ...(!row.review.storeImage && { picture: null }),
            leaseUntil: null,
          },
        }),
      ]);
      for (const blob of row.review.storeImage ? [] : [row.review.picture, row.blob]) {
        if (blob !== null) await blobs.delete(blob);
      }
      await linkExtractions(database, correctedSubject(keyring, row, decision));
      outcomes?.announce(extractionId);
      if (count > 0) metrics?.extractionFinished(...finishedAs(outcome));
      return { outcome, decisionId: decision?.id ?? null };
    },
  };
}

function endOf({ decisionId, outcome }: Review): ReviewEnd {
  return { outcome: outcome as ReviewOutcome | null, decisionId };
}

async function findDecision({ database }: CloseDependencies, id: string): Promise<ReviewDecision> {
  const decision = await database.reviewDecision.findUnique({ where: { id } });
  // Its row is written before the workflow hears of it, and goes with the card alone.
  if (!decision) throw new KtpflowError('internal', 'The decision is not there yet.', { retryable: true });
  return decision;
}

function outcomeOf(
  reason: CloseReviewInput['reason'],
  decision: ReviewDecision | null,
  { onTimeout }: Review,
): ReviewOutcome {
  if (decision) return decision.outcome === 'rejected' ? 'rejected' : 'confirmed';
  if (reason === 'cancelled') return 'cancelled';
  return onTimeout === 'expire' ? 'expired' : 'delivered';
}

function durationOf(decision: ReviewDecision | null): number | null {
  return decision?.claimedAt ? decision.createdAt.getTime() - decision.claimedAt.getTime() : null;
}

/** What an outcome writes into the extraction's row. What nobody confirmed or let pass is not kept. */
function outcomeColumns(
  { keyring }: CloseDependencies,
  row: Extraction,
  review: Review,
  outcome: ReviewOutcome,
  decision: ReviewDecision | null,
) {
  switch (outcome) {
    case 'confirmed': {
      const dataKey = keyring.unwrapDataKey(row.wrappedKey);
      const read = ktpResultSchema.parse(
        unsealJson(dataKey, row.sealedResult ?? new Uint8Array(), resultContext(row.id)),
      );
      const decided = applyDecision(read, review.fields as FieldName[], valuesOf(dataKey, decision));
      return { status: 'succeeded', sealedResult: sealJson(dataKey, decided, resultContext(row.id)) };
    }
    case 'delivered':
      return { status: 'succeeded' };
    case 'rejected':
      return failed('review_rejected', 'A reviewer has rejected the card.');
    case 'expired':
      return failed('review_expired', 'Nobody has reviewed the card in time.');
    case 'cancelled':
      return { status: 'cancelled', sealedResult: null };
  }
}

function failed(errorCode: 'review_rejected' | 'review_expired', errorMessage: string) {
  return { status: 'failed', sealedResult: null, errorCode, errorMessage };
}

/** What we sealed ourselves has the shape that we gave it. */
function valuesOf(dataKey: Uint8Array, decision: ReviewDecision | null): DecidedValues {
  if (!decision) return {};
  return (unsealJson(dataKey, decision.sealedValues, decisionContext(decision.id)) as { fields: DecidedValues }).fields;
}

/** Whom a card concerns whose NIK a reviewer has corrected. */
function correctedSubject(keyring: Keyring, row: Extraction, decision: ReviewDecision | null): SubjectLink[] {
  const { nik } = valuesOf(keyring.unwrapDataKey(row.wrappedKey), decision);
  return nik && parseNik(nik) ? [{ nikHash: keyring.subjectHash(nik), record: row.id }] : [];
}

function finishedAs(outcome: ReviewOutcome): Parameters<Metrics['extractionFinished']> {
  if (outcome === 'cancelled') return ['cancelled', null];
  if (outcome === 'rejected') return ['failed', 'review_rejected'];
  return outcome === 'expired' ? ['failed', 'review_expired'] : ['succeeded', null];
}
