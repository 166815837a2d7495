import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleImage, exampleTruth, type Job, temporaryFolder } from '../e2e/embedded-platform.ts';
import { Api, type Cluster, RoleProcess, startCluster } from '../support/role-processes.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/**
 * The database is away for SOAK_AWAY_MINUTES (20) while a batch runs and single cards are being read. Nothing may be
 * lost, and what a workflow writes into its history meanwhile, extrapolated to the seven days that a result waits, must
 * stay far below Temporal's limit. Needs SOAK_DATABASE_URL (see roles.test.ts).
 */
const ADMIN_URL = process.env.SOAK_DATABASE_URL;
const AWAY_MINUTES = Number(process.env.SOAK_AWAY_MINUTES ?? 20);
const CARDS = 60;
const SINGLE_CARDS = 3;
/** Temporal ends a run with more events than this. */
const MOST_EVENTS = 51_200;
const MINUTES_OF_A_WEEK = 7 * 24 * 60;

const folder = temporaryFolder();
const processes: RoleProcess[] = [];
let cluster: Cluster;
let proxy: TcpProxy;
let api: Api;
let temporal: Client;

/** Asked of the service itself: its memo is encrypted, and nobody here needs to read it. */
async function historyLength(workflowId: string): Promise<number> {
  const { workflowExecutionInfo } = await temporal.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution: { workflowId },
  });
  return Number(workflowExecutionInfo?.historyLength ?? 0);
}

describe.skipIf(ADMIN_URL === undefined)('a database that is away', () => {
  beforeAll(async () => {
    cluster = await startCluster(ADMIN_URL ?? '', folder.path, async (url) => {
      proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port || 5432) });
      const through = new URL(url);
      through.hostname = '127.0.0.1';
      through.port = String(proxy.port);
      return through;
    });
    processes.push(new RoleProcess('worker', cluster.environment), new RoleProcess('inference', cluster.environment));
    api = await Api.start(cluster.environment);
    processes.push(api);
    temporal = new Client({ connection: await Connection.connect({ address: cluster.temporal.address }) });
  });
  afterAll(async () => {
    await temporal?.connection.close();
    for (const { child } of processes) child.kill('SIGKILL');
    await proxy?.close();
    await cluster?.stop();
    folder.remove();
  });

  it(`loses nothing in ${AWAY_MINUTES} minutes, and writes little meanwhile`, async () => {
    const form = new FormData();
    for (let index = 0; index < CARDS; index++) {
      form.append('images', new Blob([new Uint8Array(exampleImage(1))]), `${index}.jpg`);
    }
    const created = await api.request('/v1/ktp/batches', { method: 'POST', body: form });
    expect(created.status).toBe(202);
    const { id: batchId } = (await created.json()) as { id: string };
    const singles: string[] = [];
    for (let index = 0; index < SINGLE_CARDS; index++) singles.push(await api.submit());
    await expect.poll(async () => (await batch(batchId)).counts.succeeded, { timeout: 120_000 }).toBeGreaterThan(3);

    const workflows = [`batch-${batchId}`, ...singles.map((id) => `extraction-${id}`)];
    proxy.away();
    // In the first half what was being read comes to its end, and quick attempts become slow ones.
    await delay((AWAY_MINUTES / 2) * 60_000);
    expect((await api.request('/readyz')).status).toBe(503);
    const early = await Promise.all(workflows.map(historyLength));
    await delay((AWAY_MINUTES / 2) * 60_000);
    const late = await Promise.all(workflows.map(historyLength));
    proxy.back();

    const inAWeek = late.map(
      (events, index) => events + ((events - (early[index] ?? 0)) / (AWAY_MINUTES / 2)) * MINUTES_OF_A_WEEK,
    );
    console.table(
      workflows.map((_, index) => ({
        workflow: index === 0 ? 'batch' : 'single card',
        'events at half-time': early[index],
        [`after ${AWAY_MINUTES} min`]: late[index],
        'in 7 days': Math.round(inAWeek[index] ?? 0),
      })),
    );
    for (const events of inAWeek) expect(events).toBeLessThan(MOST_EVENTS / 2);

    await expect
      .poll(async () => (await batch(batchId)).status, { timeout: 300_000, interval: 2_000 })
      .toBe('completed');
    expect((await batch(batchId)).counts).toMatchObject({ total: CARDS, succeeded: CARDS, failed: 0, cancelled: 0 });
    for (const id of singles) {
      const job: Job = await api.finished(id);
      expect(job).toMatchObject({ status: 'succeeded', result: { compat: { nik: exampleTruth(1).nik } } });
    }
  });
});

interface BatchAnswer {
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

async function batch(id: string): Promise<BatchAnswer> {
  const response = await api.request(`/v1/ktp/batches/${id}`);
  return response.ok ? ((await response.json()) as BatchAnswer) : { status: 'unknown', counts: {} };
}
