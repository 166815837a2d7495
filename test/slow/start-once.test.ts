import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { startWorkflow } from '../../src/api/intake/start-workflow.ts';
import { batchWorkflowId } from '../../src/contract/batch-workflow.ts';
import { chatBatchWorkflowId } from '../../src/contract/chat-batch.ts';
import { extractionWorkflowId } from '../../src/contract/extraction-workflow.ts';
import { INTERACTIVE_PRIORITY, WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { createTemporalClient } from '../../src/runtime/roles/connect.ts';
import type { Database } from '../../src/storage/database.ts';
import { ensureRetentionSchedule, RETENTION_SCHEDULE_ID } from '../../src/worker/retention-schedule.ts';
import { bearer, errorOf, startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { insertExtraction, type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';

const EXTRACTIONS = '/v1/ktp/extractions';
const BATCHES = '/v1/ktp/batches';
const CHAT_BATCHES = '/v1/batches';
/** A busy machine may take its time until a request gets so far. */
const SOON = { timeout: 20_000, interval: 20 };
const OLD = new Date(Date.now() - 6 * 60_000);

let platform: Platform;
/** The process with the bad way to Temporal, and another one with a good one. */
let far: TestApi;
let near: TestApi;
let proxy: FaultProxy;
/** What fails in the database of `far`. */
let failing: ((operation: string) => boolean) | undefined;
const reader = new ColourReader(() => platform, await specimenResult());

beforeAll(async () => {
  platform = await startPlatform({ readCard: () => reader.readCard });
  platform.startWorkflows();
  platform.startInference();
  proxy = await startFaultProxy(platform.config.TEMPORAL_ADDRESS ?? '');
  const config = { ...platform.config, TEMPORAL_ADDRESS: proxy.address };
  const temporal = createTemporalClient(config, platform.keyring);
  const keys = { API_KEYS: 'tenant-key:extract+chat:tenant' };
  far = await startTestApi({ ...platform, config, temporal, database: faulty(platform.database) }, keys);
  near = await startTestApi(platform, keys);
});
afterAll(async () => {
  await Promise.all([far?.close(), near?.close()]);
  await far?.context.temporal.connection.close();
  await proxy?.close();
  await platform?.stop();
});
afterEach(() => {
  befall();
  failing = undefined;
  reader.slow = 0;
});

/** A database of which some writes fail, as when a pooled connection is reset. */
function faulty(database: Database): Database {
  return new Proxy(database, {
    get(target, model) {
      const part = Reflect.get(target, model);
      if (model !== 'extraction' && model !== 'batch') return part;
      return new Proxy(part, {
        get(delegate, method) {
          if (!failing?.(`${String(model)}.${String(method)}`)) return Reflect.get(delegate, method);
          const error = Object.assign(new Error('gone'), { name: 'PrismaClientInitializationError' });
          return () => Promise.reject(error);
        },
      });
    },
  });
}

/** Faults of the next starts, in their order; the last one goes on. */
function befall(...faults: Fault[]): void {
  const left = [...faults];
  proxy.decide = () => (left.length > 1 ? left.shift() : left[0]) ?? 'none';
}

async function card(api: TestApi, red: number, key?: string, query = '?wait=20'): Promise<Response> {
  const body = new FormData();
  body.append('image', new Blob([new Uint8Array(await picture(red))]), 'card.png');
  const headers = { ...bearer('tenant-key').headers, ...(key && { 'idempotency-key': key }) };
  return api.request(`${EXTRACTIONS}${query}`, { method: 'POST', body, headers });
}

async function batch(api: TestApi, red: number, key?: string): Promise<Response> {
  const body = new FormData();
  for (const green of [1, 2, 3]) body.append('images', new Blob([new Uint8Array(await picture(red, green))]), 'a.png');
  const headers = { ...bearer('tenant-key').headers, ...(key && { 'idempotency-key': key }) };
  return api.request(BATCHES, { method: 'POST', body, headers });
}

/** A file of chat requests with a fault: its batch ends without a model. */
async function withRequests(work: (fileId: string) => Promise<void>): Promise<void> {
  const body = new FormData();
  body.append('purpose', 'batch');
  body.append('file', new Blob(['{"custom_id": "one"}']), 'requests.jsonl');
  const response = await near.request('/v1/files', { method: 'POST', body, ...bearer('tenant-key') });
  const { id } = (await response.json()) as { id: string };
  await work(id);
  await near.request(`/v1/files/${id}`, { method: 'DELETE', ...bearer('tenant-key') });
}

function chatBatch(api: TestApi, input_file_id: string, key?: string): Promise<Response> {
  const body = JSON.stringify({ input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' });
  const type = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
  return api.request(CHAT_BATCHES, { method: 'POST', body, headers: { ...bearer('tenant-key').headers, ...type } });
}

const get = async <Body>(path: string): Promise<Body> =>
  (await (await near.request(path, bearer('tenant-key'))).json()) as Body;
const ended = (id: string) => get<ExtractionJob>(`${EXTRACTIONS}/${id}?wait=20`);
const endedBatch = (id: string) => get<BatchObject>(`${BATCHES}/${id}?wait=20`);
const newest = () =>
  platform.database.extraction.findFirst({ where: { batchId: null }, orderBy: { createdAt: 'desc' } });
const newestBatch = () => platform.database.batch.findFirst({ orderBy: { createdAt: 'desc' } });
const blobsLeft = async () => {
  const left: string[] = [];
  for await (const blob of platform.blobs.listOlderThan(new Date(Date.now() + 60_000))) left.push(blob);
  return left;
};
const runsOf = async (workflowId: string) => {
  const runs: string[] = [];
  const query = `WorkflowId = '${workflowId}'`;
  for await (const { runId } of platform.temporal.workflow.list({ query })) runs.push(runId);
  return runs;
};
let sweeps = 0;
const sweep = () =>
  platform.temporal.workflow.execute('retentionWorkflow', {
    taskQueue: WORKER_TASK_QUEUE,
    workflowId: `retention-${++sweeps}`,
  });

describe('an extraction', () => {
  it.each<Fault>(['delayed', 'lost', 'reset', 'duplicated'])(
    'whose start is %s is accepted, and read once',
    async (fault) => {
      befall(fault, 'none');
      reader.reads = [];
      const response = await card(far, 10);
      expect(response.status).toBe(200);
      const job = (await response.json()) as ExtractionJob;
      expect(job.status).toBe('succeeded');
      expect(reader.reads).toEqual([job.id]);
      expect(proxy.befell).toContain(fault);
    },
  );

  it('that was acknowledged to a twin is not deleted by the first request, whose start failed', async () => {
    befall('lost');
    reader.slow = 3_000;
    const first = card(far, 20, 'twins');
    await expect.poll(newest, SOON).toMatchObject({ acceptedAt: null, idempotencyHash: expect.any(String) });
    const second = await card(near, 20, 'twins', '');
    expect(second.status).toBe(202);
    expect(await errorOf(await first)).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    const { id } = (await second.json()) as ExtractionJob;
    expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('whose start was refused is gone with its image, and its key is free', async () => {
    befall('refused');
    const before = await platform.database.extraction.count();
    expect(await errorOf(await card(far, 30, 'refused'))).toMatchObject({ status: 503 });
    expect(await platform.database.extraction.count()).toBe(before);
    expect(await blobsLeft()).toEqual([]);
    expect((await card(near, 30, 'refused')).status).toBe(200);
  });

  it('of which nobody knows whether it was started keeps row and image: its run has a result', async () => {
    befall('lost');
    expect(await errorOf(await card(far, 40, undefined, ''))).toMatchObject({
      status: 503,
      code: 'temporal_unavailable',
    });
    const row = await newest();
    expect(row).toMatchObject({ acceptedAt: null, status: 'succeeded' });
    expect(await ended(row?.id ?? '')).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('that never got to Temporal is removed by the process that has waited in vain, in some seconds', async () => {
    befall('held');
    expect((await card(far, 50)).status).toBe(503);
    const row = await newest();
    expect(row).toMatchObject({ acceptedAt: null });
    await expect
      .poll(() => platform.database.extraction.count({ where: { id: row?.id ?? '' } }), {
        timeout: 20_000,
        interval: 500,
      })
      .toBe(0);
    expect(await blobsLeft()).toEqual([]);
  });

  it('is not promised with 202 when it could not be marked as accepted, and the removal of rows marks it', async () => {
    failing = (operation) => operation === 'extraction.updateMany';
    reader.slow = 3_000;
    expect(await errorOf(await card(far, 60, undefined, ''))).toMatchObject({
      status: 503,
      code: 'database_unavailable',
    });
    const row = await newest();
    const id = row?.id ?? '';
    await platform.database.extraction.update({ where: { id }, data: { createdAt: OLD } });
    await sweep();
    expect(await platform.database.extraction.findUnique({ where: { id } })).toMatchObject({
      acceptedAt: expect.any(Date),
    });
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('the events of an extraction', () => {
  it('without a run look for one now and then, and not in a loop without a pause', async () => {
    const { blob, id } = await insertExtraction(platform, await picture(80));
    await platform.database.extraction.update({ where: { id }, data: { tenant: 'tenant' } });
    let looks = 0;
    failing = (operation) => {
      if (operation === 'extraction.findUnique') looks++;
      return false;
    };
    const reading = new AbortController();
    const init = { ...bearer('tenant-key'), signal: reading.signal };
    const response = await far.request(`${EXTRACTIONS}/${id}/events`, init);
    await sleep(2_000);
    reading.abort();
    expect(response.status).toBe(200);
    // Twice for each look, of which there are at most seven.
    expect(looks).toBeLessThan(18);
    expect(looks).toBeGreaterThan(0);
    await platform.database.extraction.delete({ where: { id } });
    await platform.blobs.delete(blob);
  });
});

describe('a batch', () => {
  it.each<Fault>(['delayed', 'duplicated'])('whose start is %s is accepted, and runs once', async (fault) => {
    befall(fault, 'none');
    const response = await batch(far, 10);
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as BatchObject;
    expect(await endedBatch(id)).toMatchObject({ status: 'completed', counts: { total: 3, succeeded: 3 } });
    expect(await runsOf(batchWorkflowId(id))).toHaveLength(1);
  });

  it('that a twin was told of before its first request failed is read to its end', async () => {
    befall('held');
    const first = batch(far, 20, 'twins');
    await expect.poll(newestBatch, SOON).toMatchObject({ acceptedAt: null, itemCount: 3 });
    const second = await batch(near, 20, 'twins');
    expect(second.status).toBe(202);
    const { id } = (await second.json()) as BatchObject;
    expect(await errorOf(await first)).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    expect(await endedBatch(id)).toMatchObject({ status: 'completed', counts: { total: 3, succeeded: 3 } });
  });

  it('whose rows could not all be written is gone with its images, and its key is free', async () => {
    failing = (operation) => operation === 'batch.updateMany';
    const unavailable = { status: 503, code: 'database_unavailable' };
    expect(await errorOf(await batch(far, 40, 'rows'))).toMatchObject(unavailable);
    failing = undefined;
    expect(await blobsLeft()).toEqual([]);
    const again = await batch(far, 40, 'rows');
    expect(again.status).toBe(202);
    expect((await endedBatch(((await again.json()) as BatchObject).id)).status).toBe('completed');
  });

  it('is not started by a repeat before the rows of its items are all written', async () => {
    befall('held');
    const first = batch(far, 30, 'slow rows');
    await expect.poll(newestBatch, SOON).toMatchObject({ acceptedAt: null, itemCount: 3 });
    const id = (await newestBatch())?.id ?? '';
    // As it is while the first request still writes them.
    await platform.database.batch.update({ where: { id }, data: { itemCount: null } });
    const second = batch(near, 30, 'slow rows');
    await sleep(700);
    expect(await platform.database.batch.findUnique({ where: { id } })).toMatchObject({ acceptedAt: null });
    await platform.database.batch.update({ where: { id }, data: { itemCount: 3 } });
    expect(((await (await second).json()) as BatchObject).id).toBe(id);
    expect((await endedBatch(id)).status).toBe('completed');
    await first;
  });
});

describe('a batch of chat requests', () => {
  const refused = (id: string) =>
    expect.poll(() => get<{ status: string }>(`${CHAT_BATCHES}/${id}`), SOON).toMatchObject({ status: 'failed' });

  it.each<Fault>(['delayed', 'duplicated'])('whose start is %s is accepted, and runs once', (fault) =>
    withRequests(async (file) => {
      befall(fault, 'none');
      const response = await chatBatch(far, file);
      expect(response.status).toBe(200);
      const { id } = (await response.json()) as { id: string };
      await refused(id);
      expect(await runsOf(chatBatchWorkflowId(id))).toHaveLength(1);
      const row = await platform.database.chatBatch.findUnique({ where: { id } });
      expect(row).toMatchObject({ acceptedAt: expect.any(Date) });
    }),
  );

  it('of which nobody knows whether it was started keeps its row: its run has an end, and a repeat finds it', () =>
    withRequests(async (file) => {
      befall('lost');
      const unavailable = { status: 503, code: 'temporal_unavailable' };
      expect(await errorOf(await chatBatch(far, file, 'lost'))).toMatchObject(unavailable);
      const again = await chatBatch(near, file, 'lost');
      expect(again.status).toBe(200);
      const { id } = (await again.json()) as { id: string };
      await refused(id);
      expect(await runsOf(chatBatchWorkflowId(id))).toHaveLength(1);
    }));

  it('whose start was refused is gone, and its key is free', () =>
    withRequests(async (file) => {
      befall('refused');
      const before = await platform.database.chatBatch.count();
      expect(await errorOf(await chatBatch(far, file, 'refused'))).toMatchObject({ status: 503 });
      expect(await platform.database.chatBatch.count()).toBe(before);
      expect((await chatBatch(near, file, 'refused')).status).toBe(200);
    }));
});

describe('the removal of what was abandoned', () => {
  it('asks Temporal first: what it does not know goes with its images, the rest is marked', async () => {
    reader.slow = 3_000;
    const [known, batchKnown] = [await card(near, 70, undefined, ''), await batch(near, 70)];
    befall('held');
    const lost = [card(far, 71), batch(far, 71)];
    const isLost = { acceptedAt: null, createdAt: { gt: new Date(Date.now() - 5_000) } };
    await expect.poll(() => platform.database.extraction.count({ where: isLost }), SOON).toBe(1);
    await expect.poll(() => platform.database.batch.count({ where: { ...isLost, itemCount: 3 } }), SOON).toBe(1);
    const { id } = (await known.json()) as ExtractionJob;
    const { id: batchId } = (await batchKnown.json()) as BatchObject;
    await platform.database.extraction.updateMany({ data: { createdAt: OLD } });
    await platform.database.batch.updateMany({ data: { createdAt: OLD } });
    await platform.database.extraction.update({ where: { id }, data: { acceptedAt: null } });
    await platform.database.batch.update({ where: { id: batchId }, data: { acceptedAt: null } });
    expect(await sweep()).toMatchObject({ abandoned: 2 });
    expect(await platform.database.extraction.count({ where: { acceptedAt: null, status: 'queued' } })).toBe(0);
    expect(await platform.database.batch.count({ where: { acceptedAt: null } })).toBe(0);
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
    expect(await endedBatch(batchId)).toMatchObject({ status: 'completed', counts: { succeeded: 3 } });
    expect((await Promise.all(lost)).map((response) => response.status)).toEqual([503, 503]);
    expect(await blobsLeft()).toEqual([]);
  });
});

describe('the Schedule of the removal', () => {
  it('is that of this version, also where an earlier one has made it, and stays paused', async () => {
    const { schedule } = platform.temporal;
    await schedule.create({
      scheduleId: RETENTION_SCHEDULE_ID,
      spec: { intervals: [{ every: '9 hours' }] },
      action: { type: 'startWorkflow', workflowType: 'retentionWorkflow', taskQueue: 'an-older-queue' },
      state: { paused: true, note: 'by an operator' },
    });
    await ensureRetentionSchedule(platform.temporal);
    await ensureRetentionSchedule(platform.temporal);
    const { action, policies, spec, state } = await schedule.getHandle(RETENTION_SCHEDULE_ID).describe();
    expect(spec.intervals).toMatchObject([{ every: 300_000 }]);
    expect(action).toMatchObject({ taskQueue: WORKER_TASK_QUEUE, workflowRunTimeout: 1_800_000 });
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
    expect(state).toMatchObject({ paused: true, note: 'by an operator' });
  });
});

describe('a workflow', () => {
  it('that is started twice under the same request has one run, also when that has ended', async () => {
    const id = `ext_${'0'.repeat(32)}`;
    const start = () =>
      startWorkflow(platform, 'retentionWorkflow', {
        workflowId: extractionWorkflowId(id),
        requestId: id,
        input: null,
        tenant: 'tenant',
        priorityKey: INTERACTIVE_PRIORITY,
        workflowTaskTimeout: '2 seconds',
        mayFollowAnother: true,
      });
    const first = await start();
    const second = await start();
    await first.result();
    const third = await start();
    expect([second.firstExecutionRunId, third.firstExecutionRunId]).toEqual([
      first.firstExecutionRunId,
      first.firstExecutionRunId,
    ]);
  });
});
