import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { EXTRACTION_STAGES } from '../../contract/extraction-workflow.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import type { RouteContext } from '../context.ts';
import { streamProgress } from '../http/progress-events.ts';
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

/** Progress of an extraction as server-sent events, one on every change of its progress. */
export function streamExtractionEvents(
  context: EventsContext,
  request: Request,
  response: Response,
  row: Extraction,
): Promise<void> {
  // The end comes without delay, once; what is before it, and what follows an end that is not written yet, now and then.
  let ended: Promise<unknown> | undefined;
  let endSeen = false;
  return streamProgress(context, request, response, row, {
    kind: 'extraction',
    async show(current) {
      const data = withoutResults(await settleJob(context, current));
      return { number: eventNumber(data), data, isFinal: isFinal(data.status) };
    },
    pause({ status }, signal) {
      ended ??= waitForEnd(context, row, signal).catch(() => undefined);
      const pauseMs = status === 'needs_review' ? LOOK_FOR_REVIEW_MS : LOOK_EVERY_MS;
      const pause = sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      return Promise.race(endSeen ? [pause] : [pause, ended.then(() => (endSeen = true))]);
    },
    find: () => context.database.extraction.findUnique({ where: { id: row.id } }),
  });
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
