import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Response } from 'express';
import { extractionWorkflowId } from '../../workflows/messages.ts';
import { isTemporalUnavailable } from '../temporal-errors.ts';

const RETRY_MS = 200;

/** Waits until the extraction's workflow has ended; see {@link waitForWorkflow}. */
export function waitForEnd(client: Client, extractionId: string, signal: AbortSignal): Promise<boolean> {
  return waitForWorkflow(client, extractionWorkflowId(extractionId), signal);
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
      // A failed, cancelled or unknown workflow has ended too.
      if (!isTemporalUnavailable(error)) return true;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}

/** Aborted when the caller has gone away before its answer. */
export function callerGone(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
