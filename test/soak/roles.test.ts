import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { silentReport } from '../../src/runtime/assets/report.ts';
import { ensureTemporalCli } from '../../src/runtime/assets/runtime-assets.ts';
import { startTemporalServer, type TemporalServer } from '../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { exampleImage, exampleTruth, imageForm, type Job, temporaryFolder } from '../e2e/embedded-platform.ts';
import { filesUnder } from '../e2e/traces.ts';

/** A real PostgreSQL, of which this makes and drops a database: SOAK_DATABASE_URL=postgresql://postgres@127.0.0.1/postgres */
const ADMIN_URL = process.env.SOAK_DATABASE_URL;
const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EXTRACTIONS = '/v1/ktp/extractions';
const ADMIN = 'key-of-the-soak-admin';

const folder = temporaryFolder();
const database = `ktpflow_soak_${process.pid}`;
const processes: RoleProcess[] = [];
let temporal: TemporalServer;
let environment: NodeJS.ProcessEnv;

class RoleProcess {
  readonly child: ChildProcess;
  output = '';

  constructor(roles: string, more: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [ENTRY], {
      env: { ...process.env, ...environment, ROLES: roles, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    processes.push(this);
  }

  async ended(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode ?? -1;
  }
}

class Api extends RoleProcess {
  readonly address: string;

  constructor(port: number) {
    super('api', { PORT: String(port) });
    this.address = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Api> {
    const api = new Api(await freePort('127.0.0.1'));
    await api.ready();
    return api;
  }

  async ready(): Promise<void> {
    for (const deadline = Date.now() + 90_000; ; await delay(50)) {
      const response = await this.request('/readyz').catch(() => undefined);
      if (response?.status === 200) return;
      if (Date.now() > deadline) throw new Error(`not ready: ${response?.status} ${this.output}`);
    }
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.address}${path}`, { ...init, headers: { authorization: `Bearer ${ADMIN}`, ...init.headers } });
  }

  async submit(): Promise<string> {
    const response = await this.request(EXTRACTIONS, { method: 'POST', body: imageForm(exampleImage(1)) });
    expect(response.status).toBe(202);
    return ((await response.json()) as Job).id;
  }

  async finished(id: string): Promise<Job> {
    for (const deadline = Date.now() + 120_000; ; await delay(50)) {
      const response = await this.request(`${EXTRACTIONS}/${id}?wait=20`);
      expect(response.status).toBe(200);
      const job = (await response.json()) as Job;
      if (job.finished_at !== null) return job;
      if (Date.now() > deadline) throw new Error(`not finished: ${JSON.stringify(job)}`);
    }
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

describe.skipIf(ADMIN_URL === undefined)('roles of their own on PostgreSQL', () => {
  let apis: [Api, Api];
  let worker: RoleProcess;
  let inference: [RoleProcess, RoleProcess];

  beforeAll(async () => {
    await query(ADMIN_URL ?? '', `CREATE DATABASE ${database}`);
    const url = new URL(ADMIN_URL ?? '');
    url.pathname = `/${database}`;
    const cliPath = await ensureTemporalCli(readConfig(), silentReport);
    temporal = await startTemporalServer({
      cliPath,
      databasePath: join(folder.path, 'temporal.db'),
      logPath: join(folder.path, 'temporal.log'),
      port: await freePort('127.0.0.1'),
    });
    await temporal.ready();
    mkdirSync(join(folder.path, 'blobs'));
    environment = {
      DATABASE_URL: url.href,
      TEMPORAL_ADDRESS: temporal.address,
      BLOB_URL: `file://${join(folder.path, 'blobs')}`,
      ENCRYPTION_KEYS: `soak:${randomBytes(32).toString('base64')}`,
      API_KEYS: `${ADMIN}:extract+admin:soak`,
      KTPFLOW_HOME: join(folder.path, 'unused'),
      LOG_LEVEL: 'warn',
      OCR_THREADS: '1',
    };
    worker = new RoleProcess('worker');
    inference = [new RoleProcess('inference'), new RoleProcess('inference')];
    // Both at once on an empty database: they migrate it side by side.
    apis = await Promise.all([Api.start(), Api.start()]);
  });
  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGKILL');
    await temporal?.stop();
    await query(ADMIN_URL ?? '', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
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
    expect((await second.request(`/v1/admin/keys/${id}`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await first.request('/metrics', { headers })).status).toBe(401);
  });

  it('an inference process is killed with -9: the other one reads its card', async () => {
    const ids = await Promise.all([apis[0].submit(), apis[1].submit(), apis[0].submit()]);
    await delay(300);
    const startedAt = performance.now();
    inference[0].child.kill('SIGKILL');
    for (const id of ids) expect((await apis[1].finished(id)).status).toBe('succeeded');
    console.log(`inference killed, all there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    inference[0] = new RoleProcess('inference');
  });

  it('the worker is killed with -9: its successor goes on', async () => {
    const ids = await Promise.all([apis[0].submit(), apis[1].submit()]);
    worker.child.kill('SIGKILL');
    const startedAt = performance.now();
    worker = new RoleProcess('worker');
    for (const id of ids) expect((await apis[0].finished(id)).status).toBe('succeeded');
    console.log(`worker killed, all there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  });

  it('an API is killed with -9: what it acknowledged is at the other', async () => {
    const ids = [await apis[0].submit(), await apis[0].submit()];
    apis[0].child.kill('SIGKILL');
    for (const id of ids) expect((await apis[1].finished(id)).status).toBe('succeeded');
    apis[0] = await Api.start();
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
    inference[1] = new RoleProcess('inference');
  });

  it('PostgreSQL cuts all connections: the next requests work', async () => {
    const id = await apis[0].submit();
    await query(
      ADMIN_URL ?? '',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
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
