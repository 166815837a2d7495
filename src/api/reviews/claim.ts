import { KtpflowError } from '../../errors.ts';
import type { ApiContext } from '../context.ts';

/** Who looks at a card: a key, and who of those that share it. */
export interface Holder {
  readonly actor: string;
  readonly reviewer: string | null;
}

type ClaimContext = Pick<ApiContext, 'config' | 'database'>;

const MINUTE_MS = 60_000;

/**
 * Takes a card for one reviewer, for some minutes; a repeat begins them anew. One statement each, so that of two that
 * come at once one gets it.
 * @throws KtpflowError review_claimed, review_decided
 */
export async function claimReview(
  { config, database }: ClaimContext,
  extractionId: string,
  holder: Holder,
): Promise<void> {
  const now = new Date();
  const leaseUntil = new Date(now.getTime() + config.REVIEW_LEASE_MINUTES * MINUTE_MS);
  const open = { extractionId, outcome: null };
  const own = { claimedBy: holder.actor, reviewer: holder.reviewer };
  const renew = () =>
    database.review.updateMany({ where: { ...open, ...own, leaseUntil: { gt: now } }, data: { leaseUntil } });
  if ((await renew()).count > 0) return;
  const taken = await database.review.updateMany({
    where: { ...open, OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] },
    data: { ...own, claimedAt: now, leaseUntil },
  });
  if (taken.count > 0) return;
  // A request of the same holder may have taken it between our two statements.
  if ((await renew()).count > 0) return;
  const row = await database.review.findUnique({ where: { extractionId }, select: { outcome: true } });
  if (!row) throw new KtpflowError('not_found', 'There is no such review.');
  if (row.outcome !== null) throw decidedAlready();
  throw new KtpflowError('review_claimed', 'Another reviewer has this card.');
}

/** Gives a card back; one that somebody else holds stays as it is. @throws KtpflowError review_claimed */
export async function releaseReview({ database }: ClaimContext, extractionId: string, holder: Holder): Promise<void> {
  const now = new Date();
  const held = { extractionId, outcome: null, leaseUntil: { gt: now } };
  const { count } = await database.review.updateMany({
    where: { ...held, claimedBy: holder.actor, reviewer: holder.reviewer },
    data: { claimedBy: null, reviewer: null, claimedAt: null, leaseUntil: null },
  });
  if (count === 0 && (await database.review.count({ where: held })) > 0) {
    throw new KtpflowError('review_claimed', 'Another reviewer has this card.');
  }
}

export function decidedAlready(): KtpflowError {
  return new KtpflowError('review_decided', 'The card was decided already.');
}
