import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { EXTRACTION_STAGES } from '../../contract/extraction-workflow.ts';
import { KtpflowError } from '../../errors.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { asKtpflowError, errorBody } from '../http/errors.ts';
import { lastEventId } from '../http/last-event-id.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import { formatEvent, SseWriter } from '../http/sse.ts';
import { type ExtractionJob, isFinal } from './job-schema.ts';
import { withoutResults } from './render-job.ts';
import { settleJob } from './settle-job.ts';
import { waitForEnd } from './wait.ts';

/** What following an extraction touches. */
export type EventsContext = Pick<
  RouteContext,
  'config' | 'closing' | 'database' | 'keyring' | 'logger' | 'outcomes' | 'temporal'
>;

const LOOK_EVERY_MS = 300;
/** A person takes minutes, or days. */
const LOOK_FOR_REVIEW_MS = 2_000;

/**
 * Progress of an extraction as server-sent events, one on every change of its progress; the last one is final. An event's
 * number says how far it is, so that a reader that comes back, to any process, is sent only what is newer.
 */
export async function streamExtractionEvents(
  context: EventsContext,
  request: Request,
  response: Response,
  row: Extraction,
): Promise<void> {
  let sent = lastEventId(request) ?? -1;
  using scope = new AbortScope([context.closing, callerGone(response)]);
  const gone = scope.signal;
  const writer = SseWriter.open(response, { keepAliveSeconds: context.config.KEEP_ALIVE_SECONDS });
  const done = new AbortController();
  using waiting = new AbortScope([gone, done.signal]);
  // The end comes without delay, once; what is before it, and what follows an end that is not written yet, now and then.
  let endSeen = false;
  const ended = waitForEnd(context, row, waiting.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    for (let current: Extraction | null = row; current && !gone.aborted; ) {
      const job = withoutResults(await settleJob(context, current));
      const number = eventNumber(job);
      if (number > sent || (isFinal(job.status) && number !== sent))
        await writer.write(formatEvent({ id: String(number), data: job }));
      sent = Math.max(sent, number);
      if (isFinal(job.status)) break;
      const pauseMs = job.status === 'needs_review' ? LOOK_FOR_REVIEW_MS : LOOK_EVERY_MS;
      const pause = sleep(pauseMs, undefined, { signal: gone }).catch(() => undefined);
      await Promise.race(endSeen ? [pause] : [pause, ended.then(() => (endSeen = true))]);
      if (context.closing.aborted) throw shuttingDown('connect again to go on');
      current = await context.database.extraction.findUnique({ where: { id: row.id } });
      if (!current) throw new KtpflowError('not_found', 'The extraction was erased.');
    }
  } catch (error) {
    await writer.write(formatEvent({ data: errorBody(asKtpflowError(error)) }));
  } finally {
    done.abort();
  }
  writer.end();
}

const ATTEMPT_STEP = 10_000;
const STAGE_STEP = 1_000;
const WAITING = 500_000_000;
const FINAL = 1_000_000_000;

/** Grows with every attempt, stage and percent; the final event is above all of them. */
function eventNumber({ attempts, progress, stage, status }: ExtractionJob): number {
  if (isFinal(status)) return FINAL;
  if (status === 'needs_review') return WAITING;
  const stageRank = stage === null ? 0 : EXTRACTION_STAGES.indexOf(stage) + 1;
  return attempts * ATTEMPT_STEP + stageRank * STAGE_STEP + Math.round(progress * 100);
}
