import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../observability/logger.ts';
import { isDatabaseUnavailable } from '../../storage/database-errors.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Longer than a PostgreSQL takes to start; who waits for longer has a wrong address or password. */
const PATIENCE_MS = 120_000;

/**
 * Opens a database that may still be starting, as after a machine's restart everything is at once: tried again until it
 * answers.
 * @throws the last error after two minutes, any other error at once
 */
export async function openPatiently<Opened>(
  open: () => Promise<Opened>,
  logger: Pick<Logger, 'warn'>,
  patienceMs = PATIENCE_MS,
): Promise<Opened> {
  const deadline = performance.now() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await open();
    } catch (error) {
      if (!isDatabaseUnavailable(error) || performance.now() + pause > deadline) throw error;
      logger.warn('database.unavailable', { error });
      await sleep(pause);
    }
  }
}
