import { setTimeout as sleep } from 'node:timers/promises';
import { batchWorkflowId, pauseBatchSignal } from '../../contract/batch-workflow.ts';
import { GOING_BATCH_STATUSES } from '../../storage/batches.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { ignoreMissing } from './control.ts';

const DEADLINE_MS = 5_000;
/** The workflow writes the row within one task; without a worker it does so later. */
const SHOWN_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 50;

/**
 * Pauses a batch or lets it go on; nothing happens to one that ends. The signal is what counts: it is told to the
 * workflow however often it is sent, and the workflow writes what is into the row.
 * @throws errors of the Temporal client
 */
export async function pauseBatch(
  { database, temporal }: Pick<ApiContext, 'database' | 'temporal'>,
  row: Batch,
  paused: boolean,
): Promise<void> {
  const isGoing = (status: string) => GOING_BATCH_STATUSES.some((going) => going === status);
  if (!isGoing(row.status)) return;
  const handle = temporal.workflow.getHandle(batchWorkflowId(row.id));
  await temporal.withDeadline(Date.now() + DEADLINE_MS, () => ignoreMissing(handle.signal(pauseBatchSignal, paused)));
  for (const deadline = Date.now() + SHOWN_WITHIN_MS; Date.now() < deadline; await sleep(LOOK_AGAIN_MS)) {
    const now = await database.batch.findUnique({ where: { id: row.id }, select: { status: true } });
    if (!now || !isGoing(now.status) || (now.status === 'paused') === paused) return;
  }
}
