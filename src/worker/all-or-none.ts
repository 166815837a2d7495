import type { Worker } from '@temporalio/worker';

/**
 * Waits for all workers of a connection. Where one cannot be made, the others are run and shut down at once: the SDK
 * does not close the connection of a worker that has never run.
 * @throws what kept the first of them from being made
 */
export async function allOrNone(making: readonly Promise<Worker | readonly Worker[]>[]): Promise<Worker[]> {
  const settled = await Promise.allSettled(making);
  const made = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = settled.find((result) => result.status === 'rejected');
  if (!failed) return made;
  await Promise.allSettled(made.map((worker) => worker.runUntil(async () => undefined)));
  throw failed.reason;
}
