import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { createTemporalClient } from '../../src/runtime/roles/connect.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { Random } from '../../tools/make-cards/random.ts';
import { jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, readEvents, startGenerations, textOf, tokens } from '../support/chat.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

/** SOAK_STARTS=1000 for the long run: so many of each kind. */
const STARTS = Number(process.env.SOAK_STARTS ?? 150);
const AT_ONCE = 24;
const FAULTY = 0.1;
/** Of the faulty ones: all attempts of the first request fail, so that nobody knows what came of it. */
const STUBBORN = 0.25;
const ATTEMPTS = 3;
const FAULTS = ['delayed', 'lost', 'reset', 'duplicated', 'held'] as const satisfies Fault[];
const STUBBORN_FAULTS = ['lost', 'held'] as const satisfies Fault[];
const ANSWER = tokens(4).join('');
const SETTLED_MS = 90_000;

const random = new Random(process.env.SOAK_SEED ?? '1');
const reader = new ColourReader(() => platform, await specimenResult());
let platform: Platform;
let upstream: Upstream;
let proxy: FaultProxy;
let generations: KeptWorkers;
/** Every start of it goes through the proxy. */
let far: TestApi;
let card: Buffer;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: tokens(4) });
  const environment = { ...chatEnvironment(upstream), MAX_WAITING_INTERACTIVE: '200' };
  platform = await startPlatform({ environment, readCard: () => reader.readCard });
  platform.startWorkflows();
  platform.startInference();
  generations = startGenerations(platform);
  proxy = await startFaultProxy(platform.config.TEMPORAL_ADDRESS ?? '');
  const config = { ...platform.config, TEMPORAL_ADDRESS: proxy.address };
  far = await startTestApi({ ...platform, config, temporal: createTemporalClient(config, platform.keyring) });
  card = await picture(200);
  // Past the deadline of an attempt, and now and then of the whole start.
  proxy.delayMs = 3_500;
  const stubborn = new Map<string, { readonly fault: Fault; left: number }>();
  proxy.decide = (workflowId) => {
    const known = stubborn.get(workflowId);
    if (known && known.left-- > 0) return known.fault;
    if (random.next() >= FAULTY) return 'none';
    if (random.next() >= STUBBORN) return random.pick(FAULTS);
    const fault = random.pick(STUBBORN_FAULTS);
    stubborn.set(workflowId, { fault, left: ATTEMPTS - 1 });
    return fault;
  };
});
afterAll(async () => {
  await far?.close();
  await far?.context.temporal.connection.close();
  await proxy?.close();
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
});

/** Runs so many, some at once, and tells how many answered with each status. */
async function many(start: (index: number) => Promise<number>): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const work = async () => {
    for (let index = next++; index < STARTS; index = next++) {
      const status = await start(index);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`${STARTS} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s:`, statuses);
  return statuses;
}

function tellFaults(): void {
  const counts: Record<string, number> = {};
  for (const fault of proxy.befell.splice(0)) counts[fault] = (counts[fault] ?? 0) + 1;
  console.log('what befell the starts:', counts);
}

/** Types and ids of what still runs. */
const openRuns = async () => {
  const { executions } = await platform.temporal.workflowService.listOpenWorkflowExecutions({
    namespace: platform.config.TEMPORAL_NAMESPACE,
    startTimeFilter: {},
    maximumPageSize: 1000,
  });
  return executions.map(({ execution, status, type }) => `${type?.name} ${execution?.workflowId} ${status}`);
};
/** Runs of a type that are not their workflow's only one; a busy machine may read a card twice within one. */
const secondRuns = async (type: string) => {
  const runs = new Map<string, number>();
  for await (const { workflowId } of platform.temporal.workflow.list({ query: `WorkflowType = '${type}'` })) {
    runs.set(workflowId, (runs.get(workflowId) ?? 0) + 1);
  }
  return { workflows: runs.size, second: [...runs].filter(([, count]) => count > 1) };
};
const blobsLeft = async () => {
  let left = 0;
  for await (const _ of platform.blobs.listOlderThan(new Date(Date.now() + 60_000))) left++;
  return left;
};
const eventually = { timeout: SETTLED_MS, interval: 500 };

async function ended<Body extends { readonly status: string }>(path: string): Promise<Body> {
  for (;;) {
    const body = (await (await far.request(`${path}?wait=30`)).json()) as Body;
    if (!['queued', 'running', 'validating', 'cancelling'].includes(body.status)) return body;
  }
}

describe(`${STARTS} starts of each kind, of which Temporal answers one in ten late, never, twice or with a reset`, () => {
  it('every accepted extraction has its result, none is read twice, and no row is left', async () => {
    const accepted: string[] = [];
    const statuses = await many(async (index) => {
      const body = new FormData();
      body.append('image', new Blob([new Uint8Array(card)]), 'card.png');
      const headers = index % 2 === 0 ? { 'idempotency-key': `extraction ${index}` } : undefined;
      const response = await far.request('/v1/ktp/extractions', { method: 'POST', body, ...(headers && { headers }) });
      const job = (await response.json()) as ExtractionJob;
      if (response.status === 202 || response.status === 200) accepted.push(job.id);
      return response.status;
    });
    tellFaults();
    expect(Object.keys(statuses).every((status) => ['200', '202', '503'].includes(status))).toBe(true);
    for (const id of accepted) {
      expect(await ended<ExtractionJob>(`/v1/ktp/extractions/${id}`)).toMatchObject({
        status: 'succeeded',
        error: null,
      });
    }
    const open = { where: { OR: [{ acceptedAt: null }, { status: 'queued' }] } };
    await expect.poll(() => platform.database.extraction.count(open), eventually).toBe(0);
    await expect.poll(openRuns, eventually).toEqual([]);
    const { second, workflows } = await secondRuns('extractDocumentWorkflow');
    expect(second).toEqual([]);
    const rows = await platform.database.extraction.count();
    expect(rows).toBeGreaterThanOrEqual(accepted.length);
    console.log(
      `${accepted.length} accepted, ${rows} rows with a result, ${workflows} workflows, ${reader.reads.length} reads`,
    );
    await expect.poll(blobsLeft, eventually).toBe(0);
  });

  it('every accepted batch is read to its end, none twice, and no row is left', async () => {
    reader.reads = [];
    const accepted: string[] = [];
    const statuses = await many(async (index) => {
      const body = new FormData();
      for (const name of ['a.png', 'b.png']) body.append('images', new Blob([new Uint8Array(card)]), name);
      const headers = index % 2 === 0 ? { 'idempotency-key': `batch ${index}` } : undefined;
      const response = await far.request('/v1/ktp/batches', { method: 'POST', body, ...(headers && { headers }) });
      const batch = (await response.json()) as BatchObject;
      if (response.status === 202) accepted.push(batch.id);
      return response.status;
    });
    tellFaults();
    expect(Object.keys(statuses).every((status) => ['202', '503'].includes(status))).toBe(true);
    for (const id of accepted) {
      const batch = await ended<BatchObject>(`/v1/ktp/batches/${id}`);
      expect(batch).toMatchObject({ status: 'completed', run: 1, counts: { total: 2, succeeded: 2 } });
    }
    const open = { where: { OR: [{ acceptedAt: null }, { status: { not: 'completed' } }] } };
    await expect.poll(() => platform.database.batch.count(open), eventually).toBe(0);
    await expect.poll(openRuns, eventually).toEqual([]);
    const { second, workflows } = await secondRuns('ingestBatchWorkflow');
    expect(second).toEqual([]);
    console.log(
      `${accepted.length} accepted, ${await platform.database.batch.count()} rows, ${workflows} workflows, ${reader.reads.length} reads`,
    );
    await expect.poll(blobsLeft, eventually).toBe(0);
  });

  it('every answer comes whole, none is generated twice, and none goes on as a ghost', async () => {
    const ask = (index: number, named: boolean) =>
      far.request(
        '/v1/chat/completions',
        jsonRequest({
          model: MODEL,
          stream: true,
          messages: [{ role: 'user', content: `question ${index}` }],
          ...(named && { session_id: `session-${index}` }),
        }),
      );
    let repeats = 0;
    const statuses = await many(async (index) => {
      const named = index % 2 === 0;
      let response = await ask(index, named);
      const { status } = response;
      // A caller that names its session comes back, and finds the answer that was started, if it was.
      const repeated = named && status === 503;
      while (named && response.status === 503) {
        repeats++;
        await sleep(500);
        const found = await far.request(`/v1/chat/completions/session-${index}/stream`);
        response = found.status === 404 ? await ask(index, named) : found;
      }
      if (response.status === 200) {
        const events = await readEvents(response);
        expect(textOf(events)).toBe(ANSWER);
        expect(events.at(-1)?.data).toBe('[DONE]');
      }
      return repeated ? 503 : status;
    });
    tellFaults();
    console.log(`${repeats} repeats`);
    expect(Object.keys(statuses).every((status) => ['200', '503'].includes(status))).toBe(true);
    const asked = new Set(upstream.requests.map(({ body }) => JSON.stringify(body.messages)));
    await expect.poll(openRuns, eventually).toEqual([]);
    const { second, workflows } = await secondRuns('chatCompletionWorkflow');
    expect(second).toEqual([]);
    const unfinished = { where: { outcome: null } };
    await expect.poll(() => platform.database.chatGeneration.count(unfinished), eventually).toBe(0);
    await expect.poll(blobsLeft, eventually).toBe(0);
    console.log(
      `${workflows} workflows, ${asked.size} questions reached the engine by ${upstream.requests.length} requests`,
    );
  });
});
