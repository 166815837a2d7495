import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from '../../observability/logger.ts';
import type { SlotUse } from '../../observability/work-metrics.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

export interface ConnectedWorkers {
  /** Closed when the workers have ended. */
  readonly connection: NativeConnection;
  readonly workers: readonly Worker[];
}

export interface KeptWorkers {
  /** The running workers' connection; undefined while there are none. */
  connection(): NativeConnection | undefined;
  /** Activities that each worker runs now, and may run; none while there are no workers. */
  slots(): readonly SlotUse[];
  /** Stops polling, lets running activities finish within the workers' grace time. */
  stop(): Promise<void>;
}

/**
 * Makes workers on a connection, which is closed where that fails: it is tried again every few seconds, for days where
 * a key lacks a permission, and each try left a connection open.
 */
export async function workersOn(
  connection: NativeConnection,
  make: () => Promise<readonly Worker[]>,
): Promise<ConnectedWorkers> {
  try {
    return { connection, workers: await make() };
  } catch (error) {
    // The error that counts is the first.
    await connection.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Runs workers for as long as the process lives. Temporal's SDK retries a server that does not answer, but not the
 * first connection, and it gives up on some faults for good: then the workers are made anew.
 */
export function keepWorking(component: string, create: () => Promise<ConnectedWorkers>, logger: Logger): KeptWorkers {
  const stopping = new AbortController();
  let current: readonly Worker[] = [];
  let connected: NativeConnection | undefined;

  const runOnce = async (): Promise<void> => {
    const { connection, workers } = await create();
    current = workers;
    logger.info('worker.started', { component });
    // One that fails takes the others with it: a process with half of its workers would be hard to diagnose.
    const runs = workers.map((worker) => worker.run().finally(() => shutdown(workers)));
    // A stop that came while they were being made.
    if (stopping.signal.aborted) shutdown(workers);
    connected = connection;
    const results = await Promise.allSettled(runs);
    connected = undefined;
    await connection.close();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };

  const running = (async () => {
    let pause = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      try {
        await runOnce();
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.warn('worker.failed', { component, error });
      }
      if (performance.now() - startedAt > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  })();

  return {
    connection: () => connected,
    slots: () => (connected ? current.map(slotsOf) : []),
    async stop() {
      stopping.abort();
      shutdown(current);
      await running;
    },
  };
}

function slotsOf(worker: Worker): SlotUse {
  const { taskQueue, tuner } = worker.options;
  const supplier = tuner.activityTaskSlotSupplier;
  return {
    queue: taskQueue,
    slots: supplier.type === 'fixed-size' ? supplier.numSlots : 0,
    used: worker.getStatus().numInFlightActivities,
  };
}

function shutdown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
