import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleImage, exampleTruth, imageForm, temporaryFolder } from '../e2e/embedded-platform.ts';
import { filesUnder } from '../e2e/traces.ts';
import { Api, type Cluster, query, RoleProcess, startCluster } from '../support/role-processes.ts';

/** A real PostgreSQL, of which this makes and drops a database: SOAK_DATABASE_URL=postgresql://postgres@127.0.0.1/postgres */
const ADMIN_URL = process.env.SOAK_DATABASE_URL;
const EXTRACTIONS = '/v1/ktp/extractions';

const folder = temporaryFolder();
const processes: RoleProcess[] = [];
let cluster: Cluster;

function start(roles: string): RoleProcess {
  const role = new RoleProcess(roles, cluster.environment);
  processes.push(role);
  return role;
}

async function startApi(): Promise<Api> {
  const api = await Api.start(cluster.environment);
  processes.push(api);
  return api;
}

const databaseName = () => new URL(cluster.environment.DATABASE_URL ?? '').pathname.slice(1);

describe.skipIf(ADMIN_URL === undefined)('roles of their own on PostgreSQL', () => {
  let apis: [Api, Api];
  let worker: RoleProcess;
  let inference: [RoleProcess, RoleProcess];

  beforeAll(async () => {
    cluster = await startCluster(ADMIN_URL ?? '', folder.path);
    worker = start('worker');
    inference = [start('inference'), start('inference')];
    // Both at once on an empty database: they migrate it side by side.
    apis = await Promise.all([startApi(), startApi()]);
  });
  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGKILL');
    await cluster?.stop();
    folder.remove();
  });

  it('a card handed in at one API is read, waited for and erased at the other', async () => {
    const [first, second] = apis;
    const id = await first.submit();
    const job = await second.finished(id);
    expect(job).toMatchObject({ status: 'succeeded', attempts: 1, result: { compat: { nik: exampleTruth(1).nik } } });
    expect(await first.finished(id)).toEqual(job);
    expect((await second.request(`${EXTRACTIONS}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await first.request(`${EXTRACTIONS}/${id}`)).status).toBe(404);
    const synchronous = await second.request('/ktp-ocr/', { method: 'POST', body: imageForm(exampleImage(2)) });
    expect(await synchronous.json()).toMatchObject({ nik: exampleTruth(2).nik });
  });

  it('keys made at one API are known to the other', async () => {
    const [first, second] = apis;
    const made = await first.request('/v1/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: ['extract'], tenant: 'soak', name: 'soak' }),
    });
    expect(made.status).toBe(201);
    const { id, key } = (await made.json()) as { id: string; key: string };
    const headers = { authorization: `Bearer ${key}` };
    expect((await second.request('/metrics', { headers })).status).toBe(200);
    expect((await second.request(`/v1/admin/keys/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await first.request('/metrics', { headers })).status).toBe(401);
  });

  it('an inference process is killed with -9: the other one reads its card', async () => {
    const ids = await Promise.all([apis[0].submit(), apis[1].submit(), apis[0].submit()]);
    await delay(300);
    const startedAt = performance.now();
    inference[0].child.kill('SIGKILL');
    for (const id of ids) expect((await apis[1].finished(id)).status).toBe('succeeded');
    console.log(`inference killed, all there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    inference[0] = start('inference');
  });

  it('the worker is killed with -9: its successor goes on', async () => {
    const ids = await Promise.all([apis[0].submit(), apis[1].submit()]);
    worker.child.kill('SIGKILL');
    const startedAt = performance.now();
    worker = start('worker');
    for (const id of ids) expect((await apis[0].finished(id)).status).toBe('succeeded');
    console.log(`worker killed, all there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  });

  it('an API is killed with -9: what it acknowledged is at the other', async () => {
    const ids = [await apis[0].submit(), await apis[0].submit()];
    apis[0].child.kill('SIGKILL');
    for (const id of ids) expect((await apis[1].finished(id)).status).toBe('succeeded');
    apis[0] = await startApi();
    for (const id of ids) expect((await apis[0].finished(id)).status).toBe('succeeded');
  });

  it('an inference process that is asked to stop finishes its card first', async () => {
    const ids = await Promise.all([apis[0].submit(), apis[0].submit()]);
    await delay(500);
    inference[1].child.kill('SIGTERM');
    const jobs = await Promise.all(ids.map((id) => apis[0].finished(id)));
    expect(jobs.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
    ]);
    expect(await inference[1].ended()).toBe(0);
    inference[1] = start('inference');
  });

  it('PostgreSQL cuts all connections: the next requests work', async () => {
    const id = await apis[0].submit();
    await query(
      ADMIN_URL ?? '',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${databaseName()}'`,
    );
    expect((await apis[0].finished(id)).status).toBe('succeeded');
    expect((await apis[1].finished(id)).status).toBe('succeeded');
  });

  it('all of them stop on SIGTERM, and leave no image', async () => {
    const running = [...apis, worker, ...inference];
    for (const { child } of running) child.kill('SIGTERM');
    expect(await Promise.all(running.map((role) => role.ended()))).toEqual(running.map(() => 0));
    expect(filesUnder(join(folder.path, 'blobs'))).toEqual([]);
  });
});
