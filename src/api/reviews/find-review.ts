import type { z } from 'zod';
import { decisionContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import type { Extraction, Review } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';
import { renderReviewState } from './review-state.ts';
import { type listedReviewSchema, REVIEWS_PATH, type reviewSchema } from './schemas.ts';

/** A wait with the card that it is about. */
export type ReviewedCard = Review & { readonly extraction: Extraction };

/** The tenant's. @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findReview(
  { database }: Pick<ApiContext, 'database'>,
  tenant: string,
  extractionId: string,
): Promise<ReviewedCard> {
  const row = await database.review.findFirst({
    where: { extractionId, tenant, extraction: { expiresAt: { gt: new Date() } } },
    include: { extraction: true },
  });
  if (!row) throw new KtpflowError('not_found', 'There is no such review.');
  return row;
}

export function renderListed(row: Review): z.infer<typeof listedReviewSchema> {
  const self = `${REVIEWS_PATH}/${row.extractionId}`;
  return {
    id: row.extractionId,
    object: 'ktp.review',
    batch_id: row.batchId,
    ...renderReviewState(row),
    links: {
      self,
      extraction: `/v1/ktp/extractions/${row.extractionId}`,
      picture: row.picture === null ? null : `${self}/picture`,
    },
  };
}

/** With what the card says: whoever is sent this is logged. */
export async function renderReview(
  context: Pick<ApiContext, 'database' | 'keyring'>,
  row: ReviewedCard,
): Promise<z.infer<typeof reviewSchema>> {
  return { ...renderListed(row), result: resultOf(context, row.extraction), note: await noteOf(context, row) };
}

async function noteOf(
  { database, keyring }: Pick<ApiContext, 'database' | 'keyring'>,
  { decisionId, extraction }: ReviewedCard,
): Promise<string | null> {
  const decision = decisionId && (await database.reviewDecision.findUnique({ where: { id: decisionId } }));
  if (!decision) return null;
  const dataKey = keyring.unwrapDataKey(extraction.wrappedKey);
  // What we sealed ourselves has the shape that we gave it.
  return (unsealJson(dataKey, decision.sealedValues, decisionContext(decision.id)) as { note: string | null }).note;
}
