import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../deploy/local-cluster/binaries.ts';
import { type LocalCluster, startLocalCluster } from '../../deploy/local-cluster/cluster.ts';
import { findFaketime } from '../../deploy/local-cluster/shifted-clock.ts';
import { reviewWorkflowId } from '../../src/contract/review.ts';
import { RETENTION_SCHEDULE_ID } from '../../src/worker/retention-schedule.ts';
import { exampleImage, imageForm, type Job, jsonRequest } from '../e2e/embedded-platform.ts';

/**
 * A week passes for cards that wait: Temporal skips it (its server's own time skipping, by workflow), and the clock of
 * each of our processes goes ahead. PostgreSQL's does not: no statement of ours asks it for the time of a deadline.
 */
const HOUR = 3600;
const WEEK_HOURS = 168;
const RETENTION_DAYS = 1;
const PATIENCE = { timeout: 120_000, interval: 500 };
const faketime = findFaketime();
if (faketime === undefined) console.log('faketime is not installed: no week is waited for');

let cluster: LocalCluster;
let temporal: Client;
/** How far our clocks are ahead. */
let hoursAhead = 0;

const request = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${cluster.url}${path}`, { ...init, headers: { authorization: `Bearer ${cluster.key}`, ...init.headers } });

async function job(id: string): Promise<Job> {
  const response = await request(`/v1/ktp/extractions/${id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Job;
}

async function submit(options: object): Promise<string> {
  const init = { method: 'POST', body: imageForm(exampleImage(1), options) };
  return ((await (await request('/v1/ktp/extractions', init)).json()) as Job).id;
}

const waiting = (onTimeout: 'deliver' | 'expire'): Promise<string> =>
  submit({ review: { mode: 'always', timeout_hours: WEEK_HOURS, on_timeout: onTimeout } });

/** So much time passes: for the reviews in Temporal, which are asked for by workflow, and for all of our processes. */
async function pass(hours: number, cards: readonly string[]): Promise<void> {
  for (const id of cards) {
    const fastForwardConfig = { id: randomUUID(), duration: { seconds: (hours * HOUR) as never } };
    await temporal.workflowService.updateWorkflowExecutionOptions({
      namespace: 'default',
      workflowExecution: { workflowId: reviewWorkflowId(id) },
      workflowExecutionOptions: { timeSkippingConfig: { enabled: true, fastForwardConfig } },
      updateMask: { paths: ['time_skipping_config'] },
    });
  }
  hoursAhead += hours;
  for (const clock of cluster.clocks.values()) clock.shift(hoursAhead * HOUR);
}

/** kill -9 of everything, and then everything again, in the order of the dependencies. */
async function restartEverything(): Promise<void> {
  await temporal.connection.close();
  const services = [...cluster.services.values()];
  await Promise.all(services.map((service) => service.kill()));
  for (const service of services) {
    await service.start();
    if (!/^(api|worker|inference)-/.test(service.name)) await service.ready();
  }
  await cluster.ready();
  temporal = await connect();
}

async function connect(): Promise<Client> {
  const channelArgs = { 'grpc.enable_http_proxy': 0 };
  return new Client({ connection: await Connection.connect({ address: cluster.temporalAddress, channelArgs }) });
}

/** The removal of what is past its time, until it has taken this card. */
async function expire(id: string): Promise<void> {
  await temporal.schedule.getHandle(RETENTION_SCHEDULE_ID).trigger();
  await expect.poll(async () => (await request(`/v1/ktp/extractions/${id}`)).status, PATIENCE).toBe(404);
}

describe.skipIf(faketime === undefined)('a card that waits for a week', () => {
  beforeAll(async () => {
    cluster = await startLocalCluster({
      binaries: findBinaries(),
      historyShards: 4,
      faketime,
      hasApiClocks: true,
      temporalSettings: { 'frontend.WorkflowTimeSkippingEnabled': true },
      environment: { LOG_LEVEL: 'warn', RETENTION_DAYS: String(RETENTION_DAYS) },
    });
    temporal = await connect();
  });
  afterAll(async () => {
    await temporal?.connection.close();
    expect(await cluster?.stop()).toEqual([]);
  });

  it('outlives retention and a restart of everything, takes a decision, or ends as was asked when the week is over', async () => {
    const [decided, delivered, expired] = await Promise.all([waiting('expire'), waiting('deliver'), waiting('expire')]);
    const witness = await submit({});
    const cards = [decided, delivered, expired];
    for (const id of cards) await expect.poll(async () => (await job(id)).status, PATIENCE).toBe('needs_review');
    await expect.poll(async () => (await job(witness)).status, PATIENCE).toBe('succeeded');

    await pass(WEEK_HOURS - 1, cards);
    await restartEverything();
    // A card that waited for nobody is gone by then.
    await expire(witness);
    for (const id of cards) {
      expect(await job(id)).toMatchObject({ status: 'needs_review', review: { status: 'open' } });
      expect((await request(`/v1/ktp/reviews/${id}/picture`)).status).toBe(200);
    }
    const listed = (await (await request('/v1/ktp/reviews?status=open')).json()) as { data: { id: string }[] };
    expect(listed.data.map(({ id }) => id).sort()).toEqual([...cards].sort());

    const decision = { outcome: 'confirmed', fields: { nama: 'AFTER A WEEK' } };
    expect((await request(`/v1/ktp/reviews/${decided}/decide`, jsonRequest(decision))).status).toBe(200);
    const corrected = await job(decided);
    expect(corrected).toMatchObject({ status: 'succeeded', review: { outcome: 'confirmed' } });
    expect(corrected.result?.fields.nama).toMatchObject({ value: 'AFTER A WEEK', source: 'review' });

    await pass(2, [delivered, expired]);
    for (const id of [delivered, expired]) {
      await expect.poll(async () => (await job(id)).status, PATIENCE).not.toBe('needs_review');
    }
    expect(await job(delivered)).toMatchObject({ status: 'succeeded', review: { outcome: 'delivered' } });
    expect(await job(expired)).toMatchObject({ status: 'failed', error: { code: 'review_expired' } });

    // Kept after its end for as long as any other result, and no longer.
    await pass(RETENTION_DAYS * 24 + 1, []);
    // Clocks hold within a second.
    await delay(2_000);
    await expire(decided);
    for (const id of [delivered, expired]) expect((await request(`/v1/ktp/extractions/${id}`)).status).toBe(404);
  });
});
