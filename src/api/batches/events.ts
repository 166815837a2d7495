import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { KtpflowError } from '../../errors.ts';
import type { Batch } from '../../storage/generated/client.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { asKtpflowError, errorBody } from '../http/errors.ts';
import { lastEventId } from '../http/last-event-id.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import { formatEvent, SseWriter } from '../http/sse.ts';
import { type BatchObject, isFinalBatch } from './batch-schema.ts';
import { settleWatched } from './settle-batch.ts';
import type { SharedCounts } from './shared-counts.ts';

type EventsContext = Pick<RouteContext, 'config' | 'closing' | 'database' | 'keyring' | 'logger' | 'temporal'>;

const LOOK_EVERY_MS = 1_000;

/**
 * Progress of a batch as server-sent events, one whenever something was finished; the last one is final. An event's
 * number says how far the batch is, so that a reader that comes back is sent only what is newer.
 */
export async function streamBatchEvents(
  context: EventsContext,
  request: Request,
  response: Response,
  row: Batch,
  counts: SharedCounts,
): Promise<void> {
  let sent = lastEventId(request) ?? -1;
  using scope = new AbortScope([context.closing, callerGone(response)]);
  const gone = scope.signal;
  const writer = SseWriter.open(response, { keepAliveSeconds: context.config.KEEP_ALIVE_SECONDS });
  try {
    for (let current: Batch | null = row; current && !gone.aborted; ) {
      const batch = await settleWatched(context, current, counts);
      const number = eventNumber(batch, current.changes);
      if (number > sent || (isFinalBatch(batch.status) && number !== sent))
        await writer.write(formatEvent({ id: String(number), data: batch }));
      sent = Math.max(sent, number);
      if (isFinalBatch(batch.status)) break;
      await sleep(LOOK_EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
      if (context.closing.aborted) throw shuttingDown('connect again to go on');
      current = await context.database.batch.findUnique({ where: { id: row.id } });
      if (!current) throw new KtpflowError('not_found', 'The batch was erased.');
    }
  } catch (error) {
    await writer.write(formatEvent({ data: errorBody(asKtpflowError(error)) }));
  }
  writer.end();
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
