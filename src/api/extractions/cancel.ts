import type { Client } from '@temporalio/client';
import { extractionWorkflowId } from '../../contract/extraction-workflow.ts';
import { reviewWorkflowId } from '../../contract/review.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import type { RouteContext } from '../context.ts';

const DEADLINE_MS = 5_000;

/** Asks for cancellation; one that has ended or is unknown stays as it is. @throws errors of the Temporal client */
export function cancelExtraction(client: Client, extractionId: string): Promise<void> {
  return cancelWorkflow(client, extractionWorkflowId(extractionId));
}

/** As cancelExtraction, for one that waits for a person. */
export function cancelReview(client: Client, extractionId: string): Promise<void> {
  return cancelWorkflow(client, reviewWorkflowId(extractionId));
}

async function cancelWorkflow(client: Client, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  await client
    .withDeadline(Date.now() + DEADLINE_MS, () => handle.cancel())
    .catch((error: unknown) => {
      if (!isTemporalNotFound(error)) throw error;
    });
}

/** Cancels an item of a batch: whatever comes of its card from now on is not stored. */
export async function cancelItem(
  { blobs, database }: Pick<RouteContext, 'blobs' | 'database'>,
  row: Extraction,
): Promise<void> {
  await database.extraction.updateMany({
    where: { id: row.id, status: 'queued' },
    data: { status: 'cancelled', finishedAt: new Date(), blob: null },
  });
  if (row.blob !== null) await blobs.delete(row.blob);
}

/**
 * The disconnect rule: the caller of a synchronous extraction is gone and cannot come back, so after the grace it is
 * cancelled. The timer dies with the process; then the card is read to its end, a second's work, and expires unread.
 */
export function cancelAfterDisconnect(
  context: Pick<RouteContext, 'closing' | 'config' | 'logger' | 'temporal'>,
  extractionId: string,
): void {
  const { closing, config, logger, temporal } = context;
  const cancel = (): void => {
    clearTimeout(timer);
    closing.removeEventListener('abort', cancel);
    cancelExtraction(temporal, extractionId).catch((error: unknown) => {
      logger.warn('extraction.cancel.failed', { extractionId, error });
    });
  };
  const timer = setTimeout(cancel, config.CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS * 1000);
  if (closing.aborted) cancel();
  else closing.addEventListener('abort', cancel, { once: true });
}
