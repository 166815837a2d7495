import type { Extraction } from '../../storage/generated/client.ts';
import { batchProgress } from '../batches/progress.ts';
import type { ApiContext } from '../context.ts';
import { mayStillStart } from '../intake/start-grace.ts';
import { type ReviewState, renderReviewState } from '../reviews/review-state.ts';
import { type WebhookState, webhookStates } from '../webhooks/webhook-state.ts';
import { type ExtractionJob, isFinal } from './job-schema.ts';
import { progressOf } from './progress.ts';
import { renderJob } from './render-job.ts';
import { askedForReview } from './review-option.ts';

type SettleContext = Pick<ApiContext, 'database' | 'keyring' | 'logger' | 'temporal'>;

/**
 * The job object of a row, with the workflow's progress while it is not final. Writes: a row whose workflow has ended
 * silently is settled first.
 */
export async function settleJob(context: SettleContext, row: Extraction): Promise<ExtractionJob> {
  // A wait of its own workflow, for items of batches too.
  if (row.status === 'needs_review')
    return renderJob(context, row, undefined, await webhookOf(context, row), await reviewOf(context, row));
  // An item's options are those of its batch, which is what is told of.
  if (row.batchId !== null) {
    const progress = isFinal(row.status) ? undefined : await itemProgress(context, row.batchId, row.id);
    return renderJob(context, row, progress, null, await reviewOf(context, row));
  }
  const webhook = await webhookOf(context, row);
  if (isFinal(row.status)) return renderJob(context, row, undefined, webhook, await reviewOf(context, row));
  const progress = await progressOf(context.temporal, row.id);
  if (progress.workflow === 'open') return renderJob(context, row, progress, webhook);
  return renderJob(context, await settle(context, row, progress.workflow), undefined, webhook);
}

async function webhookOf({ database }: SettleContext, row: Extraction): Promise<WebhookState> {
  return (await webhookStates(database, [row])).get(row.id) ?? null;
}

/** null where no review was asked for, or none was needed. */
async function reviewOf({ database }: SettleContext, row: Extraction): Promise<ReviewState> {
  if (!askedForReview(row.options)) return null;
  const review = await database.review.findUnique({ where: { extractionId: row.id } });
  return review && renderReviewState(review);
}

/** An item of a batch has no workflow of its own; whether the batch has ended is the batch's to settle. */
async function itemProgress(context: SettleContext, batchId: string, id: string) {
  const batch = await batchProgress(context.temporal, batchId);
  const attempt = batch.workflow === 'open' ? batch.reading.get(id) : undefined;
  if (attempt === undefined) return undefined;
  return { workflow: 'open', running: true, stage: 'reading', fraction: 0, attempt, startedAt: null } as const;
}

/**
 * The workflow has ended, or never began, and the row says nothing of it: the row was read before the end, or nobody
 * was left to write it. Then it is written here, so that no job stays open for ever.
 */
async function settle(context: SettleContext, stale: Extraction, workflow: 'missing' | 'closed' | 'cancelled') {
  const row = (await context.database.extraction.findUnique({ where: { id: stale.id } })) ?? stale;
  const starting = workflow === 'missing' && mayStillStart(row);
  if (isFinal(row.status) || starting) return row;
  const failed = {
    status: 'failed',
    errorCode: 'internal',
    errorMessage: 'The extraction ended without a result.',
  };
  await context.database.extraction.updateMany({
    where: { id: row.id, status: row.status },
    data: { finishedAt: new Date(), ...(workflow === 'cancelled' ? { status: 'cancelled' } : failed) },
  });
  context.logger.warn('extraction.settled', { extractionId: row.id });
  return (await context.database.extraction.findUnique({ where: { id: row.id } })) ?? row;
}
