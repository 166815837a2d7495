import type { FieldName } from '../../../src/ktp/field-names.ts';
import { call, read } from '../api.ts';
import type { CardResult } from '../card.ts';
import { randomId } from '../random-id.ts';

/** A waiting card as the queue shows it. */
export interface WaitingCard {
  readonly id: string;
  readonly status: 'open' | 'claimed' | 'decided';
  readonly fields: readonly FieldName[];
  readonly least_confidence: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly batch_id: string | null;
}

export interface ReviewedCard extends WaitingCard {
  readonly result: CardResult | null;
}

export interface Page {
  readonly data: readonly WaitingCard[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export interface Decision {
  readonly outcome: 'confirmed' | 'rejected';
  readonly fields: Partial<Record<FieldName, string | null>>;
  readonly force: boolean;
}

const PATH = 'v1/ktp/reviews';
/** This window: two windows of one key are two reviewers. */
const reviewer = randomId();

export function listWaiting(field: FieldName | null, cursor: string | null): Promise<Page> {
  const query = new URLSearchParams({ status: 'open', limit: '100' });
  if (field) query.set('field', field);
  if (cursor) query.set('cursor', cursor);
  return read<Page>(`${PATH}?${query}`);
}

/** Takes a card, or keeps it: a repeat begins its minutes anew. @throws ApiFailure review_claimed, review_decided */
export async function claim(id: string): Promise<void> {
  await call(`${PATH}/${id}/claim`, { json: { reviewer } });
}

/** Gives a card back, also while the page goes. */
export function release(id: string): void {
  call(`${PATH}/${id}/release`, { json: { reviewer }, keepalive: true }).catch(() => undefined);
}

export function readReview(id: string): Promise<ReviewedCard> {
  return read<ReviewedCard>(`${PATH}/${id}`);
}

export async function readPicture(id: string): Promise<Blob> {
  return (await call(`${PATH}/${id}/picture`)).blob();
}

/** @throws ApiFailure review_decided, review_claimed; invalid_value, whose param names a field */
export async function decide(id: string, decision: Decision, isLeaving = false): Promise<void> {
  await call(`${PATH}/${id}/decide`, { json: bodyOf(decision), keepalive: isLeaving });
}

/** Whether a decision would be taken; decides nothing, and keeps the claim. @throws ApiFailure as {@link decide} */
export async function checkDecision(id: string, decision: Decision): Promise<void> {
  await call(`${PATH}/${id}/decide`, { json: { ...bodyOf(decision), dry_run: true } });
}

function bodyOf({ fields, force, outcome }: Decision) {
  return { outcome, fields, reviewer, ...(force && { force }) };
}
