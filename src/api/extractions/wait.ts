import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { AbortScope } from '../../abort-scope.ts';
import { extractionWorkflowId } from '../../contract/extraction-workflow.ts';
import { reviewWorkflowId } from '../../contract/review.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import { isTemporalUnavailable } from '../../temporal-errors.ts';
import type { ApiContext } from '../context.ts';
import { isFinal } from './job-schema.ts';

const RETRY_MS = 200;
const ITEM_LOOK_MS = 500;

type WaitContext = Pick<ApiContext, 'database' | 'outcomes' | 'temporal'>;

/**
 * Waits until an extraction has ended, or waits for a person; of one that waits already, until that wait has ended. An
 * item of a batch has no workflow of its own: its row is looked at now and then.
 * @returns whether it has; false: the signal was aborted (time-out, caller gone, process stopping)
 */
export async function waitForEnd(
  context: WaitContext,
  { id, batchId, status }: Pick<Extraction, 'id' | 'batchId'> & Partial<Pick<Extraction, 'status'>>,
  signal: AbortSignal,
): Promise<boolean> {
  if (status === 'needs_review') return waitForWorkflow(context.temporal, reviewWorkflowId(id), signal);
  if (batchId === null) return waitForOutcome(context, id, signal);
  while (!signal.aborted) {
    const row = await context.database.extraction.findUnique({ where: { id }, select: { status: true } });
    if (!row || isFinal(row.status) || row.status === 'needs_review') return true;
    await sleep(ITEM_LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** The workflow's end, or what comes before it: that a worker in this process has stored the outcome. */
async function waitForOutcome({ outcomes, temporal }: WaitContext, id: string, signal: AbortSignal): Promise<boolean> {
  const answered = new AbortController();
  using scope = new AbortScope([signal, answered.signal]);
  const ended = waitForWorkflow(temporal, extractionWorkflowId(id), scope.signal);
  if (!outcomes) return await ended;
  const stored = outcomes.next(id, scope.signal).then(
    () => true,
    () => ended,
  );
  return await Promise.race([ended, stored]).finally(() => answered.abort());
}

/**
 * Waits until the workflow has ended, however it ended; by one long poll, which outlives a restart of
 * Temporal. Returns early when the signal is aborted (time-out, caller gone, process stopping).
 * @returns whether it has ended
 */
export async function waitForWorkflow(client: Client, workflowId: string, signal: AbortSignal): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowId);
  while (!signal.aborted) {
    try {
      await client.withAbortSignal(signal, () => handle.result());
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      // A failed, cancelled or unknown workflow has ended too.
      if (!isTemporalUnavailable(error)) return true;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}
