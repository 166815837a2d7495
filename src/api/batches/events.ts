import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Batch } from '../../storage/generated/client.ts';
import type { RouteContext } from '../context.ts';
import { streamProgress } from '../http/progress-events.ts';
import { type BatchObject, isFinalBatch } from './batch-schema.ts';
import { settleWatched } from './settle-batch.ts';
import type { SharedCounts } from './shared-counts.ts';

type EventsContext = Pick<RouteContext, 'config' | 'closing' | 'database' | 'keyring' | 'logger' | 'temporal'>;

const LOOK_EVERY_MS = 1_000;

/** Progress of a batch as server-sent events, one whenever something was finished. */
export function streamBatchEvents(
  context: EventsContext,
  request: Request,
  response: Response,
  row: Batch,
  counts: SharedCounts,
): Promise<void> {
  return streamProgress(context, request, response, row, {
    kind: 'batch',
    async show(current) {
      const data = await settleWatched(context, current, counts);
      return { number: eventNumber(data, current.changes), data, isFinal: isFinalBatch(data.status) };
    },
    pause: (_batch, signal) => sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined),
    find: () => context.database.batch.findUnique({ where: { id: row.id } }),
  });
}

const STATUS_RANKS = {
  validating: 0,
  running: 1,
  paused: 1,
  cancelling: 2,
  completed: 3,
  cancelled: 3,
  failed: 3,
} as const;
const RUN_STEP = 1e8;
const ITEM_STEP = 10;

/** Grows with every run, every finished item, every pause, addition and status. */
function eventNumber({ run, counts, status }: BatchObject, changes: number): number {
  const finished = (counts.needs_review ?? 0) + counts.succeeded + counts.failed + counts.cancelled;
  return run * RUN_STEP + (finished + changes) * ITEM_STEP + STATUS_RANKS[status];
}
