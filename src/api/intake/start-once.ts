import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { KtpflowError } from '../../errors.ts';
import type { Logger } from '../../observability/logger.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import { UnknownStartError } from './start-workflow.ts';

/*
 * How anything is started, once: its row is written, its run is started, the row is marked as accepted. Whoever comes
 * second, by a repeat of the request, takes the same steps, and Temporal tells the two apart from none. A start that
 * was refused takes its row back. One that nobody knows the outcome of leaves it: this process asks Temporal a few times
 * more what came of it, and the removal of what was abandoned (src/activities/retention) asks again where this process
 * has died. So nothing is removed under a run, and nobody is told of an acceptance that Temporal does not know.
 */

export interface StartOnceContext {
  readonly temporal: Client;
  readonly logger: Logger;
  /** Aborted when the process is asked to stop. */
  readonly closing: AbortSignal;
}

/** What is started by its row. */
export interface Startable {
  readonly workflowId: string;
  /** Starts the run, as often as it is called. @throws what startWorkflow throws */
  start(): Promise<unknown>;
  /** Marks the row. @throws KtpflowError where it is gone */
  accept(): Promise<void>;
  /** Removes the row, and what it names, unless it was accepted. */
  discard(): Promise<void>;
}

/** Moments after an unknown start at which Temporal is asked what came of it, in milliseconds. */
const ASKED_AFTER_MS = [1_000, 10_000, 30_000, 90_000, 180_000];
/** A start that is under way is with Temporal by then, or nowhere. */
const ARRIVED_AFTER_MS = 10_000;
const ASK_DEADLINE_MS = 3_000;

/**
 * Starts what has its row; afterwards it is there to be accepted.
 * @throws UnknownStartError: the row stays for now; other errors of the Temporal client: it is gone
 */
export async function startOnce(context: StartOnceContext, what: Startable): Promise<void> {
  try {
    await what.start();
  } catch (error) {
    // Somebody else has started the very same.
    if (error instanceof WorkflowExecutionAlreadyStartedError) return;
    if (error instanceof UnknownStartError) {
      void resolveLater(context, {
        ask: () => hasRun(context.temporal, what.workflowId),
        found: () => what.accept(),
        missing: () => what.discard(),
      });
    } else {
      await what.discard().catch((failure: unknown) => context.logger.warn('start.discard.failed', { error: failure }));
    }
    throw error;
  }
}

/** A row that went while its run was being started: the next request makes another one. */
export function startedWithoutRow(): KtpflowError {
  return new KtpflowError('temporal_unavailable', 'The workflow service was away for too long; send it again.');
}

/** What can come of an unknown start. */
export interface UnknownStart {
  /** Whether the run is there. */
  readonly ask: () => Promise<boolean>;
  readonly found: () => Promise<void>;
  readonly missing: () => Promise<void>;
}

/** Asks Temporal for a while what came of a start. Whatever fails here is left to the removal of what was abandoned. */
export async function resolveLater(
  { closing, logger }: Pick<StartOnceContext, 'closing' | 'logger'>,
  { ask, found, missing }: UnknownStart,
): Promise<void> {
  const since = Date.now();
  for (const moment of ASKED_AFTER_MS) {
    const pause = Math.max(0, since + moment - Date.now());
    await sleep(pause, undefined, { ref: false, signal: closing }).catch(() => undefined);
    if (closing.aborted) return;
    try {
      if (await ask()) return await found();
      if (Date.now() - since >= ARRIVED_AFTER_MS) return await missing();
    } catch (error) {
      logger.warn('start.resolve.failed', { error });
    }
  }
}

/** Whether Temporal knows a run under this id, open or ended. @throws errors of the Temporal client */
export async function hasRun(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    await temporal.withDeadline(Date.now() + ASK_DEADLINE_MS, () => temporal.workflow.getHandle(workflowId).describe());
    return true;
  } catch (error) {
    if (isTemporalNotFound(error)) return false;
    throw error;
  }
}
