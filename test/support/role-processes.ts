import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { silentReport } from '../../src/runtime/assets/report.ts';
import { ensureTemporalCli } from '../../src/runtime/assets/runtime-assets.ts';
import { startTemporalServer, type TemporalServer } from '../../src/runtime/embedded/temporal-server.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { exampleImage, imageForm, type Job } from '../e2e/embedded-platform.ts';

const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EXTRACTIONS = '/v1/ktp/extractions';
const ADMIN = 'key-of-the-soak-admin';

/** A process of some roles, as a distributed deployment runs it. */
export class RoleProcess {
  readonly child: ChildProcess;
  output = '';

  constructor(roles: string, environment: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [ENTRY], {
      env: { ...process.env, ...environment, ROLES: roles },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  async ended(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? this.child.signalCode ?? -1;
  }
}

/** An API process, and what a client of it does. */
export class Api extends RoleProcess {
  readonly address: string;

  constructor(port: number, environment: NodeJS.ProcessEnv) {
    super('api', { ...environment, PORT: String(port) });
    this.address = `http://127.0.0.1:${port}`;
  }

  static async start(environment: NodeJS.ProcessEnv): Promise<Api> {
    const api = new Api(await freePort('127.0.0.1'), environment);
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

/** One statement on a connection of its own. */
export async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

export interface Cluster {
  readonly temporal: TemporalServer;
  /** What every role needs. */
  readonly environment: NodeJS.ProcessEnv;
  /** Stops Temporal and drops the database. */
  stop(): Promise<void>;
}

/**
 * A Temporal server and a database of its own for role processes.
 * @param adminUrl a PostgreSQL in which databases may be made
 * @param through replaces the address of the database that the roles get, for a proxy in between
 */
export async function startCluster(
  adminUrl: string,
  folder: string,
  through: (url: URL) => Promise<URL> = async (url) => url,
): Promise<Cluster> {
  const database = `ktpflow_soak_${process.pid}_${randomBytes(3).toString('hex')}`;
  await query(adminUrl, `CREATE DATABASE ${database}`);
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const cliPath = await ensureTemporalCli(readConfig(), silentReport);
  const temporal = await startTemporalServer({
    cliPath,
    databasePath: join(folder, 'temporal.db'),
    logPath: join(folder, 'temporal.log'),
    port: await freePort('127.0.0.1'),
  });
  await temporal.ready();
  mkdirSync(join(folder, 'blobs'));
  return {
    temporal,
    environment: {
      DATABASE_URL: (await through(url)).href,
      TEMPORAL_ADDRESS: temporal.address,
      BLOB_URL: `file://${join(folder, 'blobs')}`,
      ENCRYPTION_KEYS: `soak:${randomBytes(32).toString('base64')}`,
      API_KEYS: `${ADMIN}:extract+admin:soak`,
      KTPFLOW_HOME: join(folder, 'unused'),
      LOG_LEVEL: 'warn',
      OCR_THREADS: '1',
    },
    async stop() {
      await temporal.stop();
      await query(adminUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}
