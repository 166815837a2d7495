import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { progressOf } from '../../src/api/extractions/progress.ts';
import {
  EXTRACT_DOCUMENT_WORKFLOW,
  type ExtractDocumentInput,
  extractionWorkflowId,
} from '../../src/contract/extraction-workflow.ts';
import { WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { AbsentDatabase } from '../support/absent-database.ts';
import { insertBatch, itemsOf, startBatch } from '../support/batches.ts';
import { recordHistory } from '../support/histories.ts';
import { insertExtraction, type Platform, startPlatform } from '../support/platform.ts';

/** AWAY_SECONDS=200 for as long as hundred heartbeats of a workflow task, 1200 for twenty minutes. */
const AWAY_MS = Number(process.env.AWAY_SECONDS ?? 8) * 1000;
/** Of a history that does not grow any more: local attempts against a database that refuses end within this. */
const SETTLED_MS = 5_000;
const WEEK_MS = 7 * 86_400_000;
/** Temporal warns at 10,240 events and terminates at 51,200. */
const EVENTS_ALLOWED = 10_000;

const absent = new AbsentDatabase();
let platform: Platform;
/** Whether the database goes away as soon as a card was read. */
let goesAway = true;
let reads = 0;

beforeAll(async () => {
  platform = await startPlatform({
    workerDatabase: (database) => absent.before(database),
    readCard: () => async (input) => {
      absent.isAway = goesAway;
      reads++;
      const timings = { prepare: 1, ocr: 1, generate: 0, assemble: 1 };
      const sealedResult = Buffer.from(input.extractionId).toString('base64');
      return { sealedResult, timings, attempt: 1, startedAt: new Date().toISOString() };
    },
  });
  platform.startWorkflows();
  platform.startInference();
});
afterAll(() => platform.stop());

const lengthOf = async (handle: WorkflowHandle) => (await handle.describe()).historyLength;

/** Keeps the database away, and tells how many events a week of that would make. */
async function eventsInAWeek(handle: WorkflowHandle): Promise<{ now: number; inAWeek: number }> {
  await expect.poll(() => absent.isAway, { timeout: 20_000 }).toBe(true);
  // What is being read is read to its end, and the local attempts come to theirs.
  let before = -1;
  for (let now = await lengthOf(handle); now !== before; now = await lengthOf(handle)) {
    before = now;
    await sleep(SETTLED_MS);
  }
  const since = Date.now();
  await sleep(AWAY_MS);
  const now = await lengthOf(handle);
  return { now, inAWeek: now + ((now - before) / (Date.now() - since)) * WEEK_MS };
}

function comesBack(): void {
  goesAway = false;
  absent.isAway = false;
}

describe('while the database is away', { timeout: AWAY_MS + 90_000 }, () => {
  it('the result of a card waits for it, for a week without a long history', async () => {
    const { blob, id } = await insertExtraction(platform, Buffer.from('a card'));
    const input: ExtractDocumentInput = {
      extractionId: id,
      blob,
      strategy: 'auto',
      rejectLowQuality: false,
      storeImage: false,
    };
    const handle = await platform.temporal.workflow.start(EXTRACT_DOCUMENT_WORKFLOW, {
      taskQueue: WORKER_TASK_QUEUE,
      workflowId: extractionWorkflowId(id),
      args: [input],
      workflowTaskTimeout: '2 seconds',
    });
    await expect
      .poll(() => progressOf(platform.temporal, id), { timeout: 20_000, interval: 50 })
      .toMatchObject({ running: true, stage: 'assembling', fraction: 0.95, attempt: 1 });
    const events = await eventsInAWeek(handle);
    console.log(
      `a card: ${events.now} events after ${AWAY_MS / 1000} s, ${events.inAWeek.toFixed(0)} after seven days`,
    );
    expect(events.inAWeek).toBeLessThan(EVENTS_ALLOWED);
    comesBack();
    expect(await handle.result()).toMatchObject({ status: 'succeeded' });
    expect(await platform.database.extraction.findUnique({ where: { id } })).toMatchObject({
      status: 'succeeded',
      sealedResult: new Uint8Array(Buffer.from(id)),
      blob: null,
    });
    await recordHistory('extract-document-database-away', handle);
  });

  it('the results of a batch wait for it, for a week without a long history, and none is read twice', async () => {
    reads = 0;
    goesAway = true;
    const id = await insertBatch(
      platform,
      Array.from({ length: 40 }, (_, index) => `card ${index}`),
    );
    const handle = await startBatch(platform, id);
    const events = await eventsInAWeek(handle);
    console.log(
      `a batch: ${events.now} events after ${AWAY_MS / 1000} s, ${events.inAWeek.toFixed(0)} after seven days`,
    );
    expect(events.inAWeek).toBeLessThan(EVENTS_ALLOWED);
    comesBack();
    await handle.result();
    expect((await itemsOf(platform, id)).map(({ attempts, status }) => [status, attempts])).toEqual(
      Array.from({ length: 40 }, () => ['succeeded', 1]),
    );
    expect(reads).toBe(40);
    await recordHistory('ingest-batch-database-away', handle);
  });
});
