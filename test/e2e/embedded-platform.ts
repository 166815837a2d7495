import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { jobSchema } from '../../src/api/extractions/job-schema.ts';
import {
  commandLineOf,
  findProcesses,
  identityOf,
  isRunning,
  type ProcessIdentity,
  parentPidOf,
} from '../../src/runtime/processes/process-identity.ts';
import { imageForm, jsonRequest } from '../support/api.ts';
import { gone, PlatformProcess } from '../support/platform-process.ts';

/** What `npm start` runs; `npm test` and `npm ci` build it. */
const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type Job = z.infer<typeof jobSchema>;
export type PartName = 'ktpflow-api' | 'ktpflow-inference' | 'temporal';

/** A folder for the homes of one test file; removed with everything in it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ktpflow-e2e-')));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The embedded platform as a person runs it, looked at from outside: HTTP, processes, files, output. */
export class EmbeddedPlatform extends PlatformProcess {
  address = '';

  constructor(home: string, environment: NodeJS.ProcessEnv = {}) {
    if (!existsSync(ENTRY)) throw new Error('dist is not built: npm run build');
    super(home, ENTRY, { LOG_LEVEL: 'info', ...environment });
  }

  static async start(home: string, environment: NodeJS.ProcessEnv = {}): Promise<EmbeddedPlatform> {
    const platform = new EmbeddedPlatform(home, environment);
    platform.address = await platform.ready();
    return platform;
  }

  request(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.address}${path}`, init);
  }

  /** Starts an extraction and does not wait for it. */
  async submit(image: Uint8Array, options?: unknown): Promise<string> {
    const response = await this.request('/v1/ktp/extractions', { method: 'POST', body: imageForm(image, options) });
    const job = (await response.json()) as Job;
    if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(job)}`);
    return job.id;
  }

  async job(id: string, wait = 0): Promise<Job> {
    const response = await this.request(`/v1/ktp/extractions/${id}${wait > 0 ? `?wait=${wait}` : ''}`);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as Job;
  }

  /** The job once it is final, however often the API goes away meanwhile. */
  async finished(id: string, timeoutMs = 120_000): Promise<Job> {
    return this.#until(id, timeoutMs, 10, (job) => job.finished_at !== null);
  }

  /** The job as soon as somebody works on it. */
  async running(id: string): Promise<Job> {
    return this.#until(id, 120_000, 0, (job) => job.status !== 'queued');
  }

  async #until(id: string, timeoutMs: number, wait: number, done: (job: Job) => boolean): Promise<Job> {
    const deadline = performance.now() + timeoutMs;
    let last: unknown;
    while (performance.now() < deadline) {
      try {
        const job = await this.job(id, wait);
        if (done(job)) return job;
        last = job;
      } catch (error) {
        // Somebody was killed; clients repeat.
        last = error;
      }
      await delay(20);
    }
    throw new Error(`extraction not there after ${timeoutMs / 1000} s: ${JSON.stringify(last)} ${last}`);
  }

  /** Waits for /readyz, and answers after how many milliseconds. */
  async readyAgain(timeoutMs = 120_000): Promise<number> {
    const startedAt = performance.now();
    while (performance.now() - startedAt < timeoutMs) {
      const response = await this.request('/readyz').catch(() => undefined);
      if (response?.status === 200) return performance.now() - startedAt;
      await delay(50);
    }
    throw new Error(`not ready after ${timeoutMs / 1000} s:\n${this.output}`);
  }

  part(name: PartName): ProcessIdentity {
    const own = this.tree().find(({ pid }) => {
      const command = commandLineOf(pid) ?? '';
      return name === 'temporal'
        ? command.includes('server start-dev') && !command.includes('ktpflow-guard')
        : command.startsWith(name);
    });
    if (own === undefined) throw new Error(`no process ${name}:\n${this.output}`);
    return own;
  }

  /** The supervisor and everything that descends from it, and whatever else was started with this home. */
  tree(): ProcessIdentity[] {
    return processTree(this.child.pid ?? -1, this.home);
  }

  /** kill -9 of the supervisor and of all that is left. For the end of a test, whatever happened. */
  async end(): Promise<void> {
    const tree = this.tree();
    this.kill('SIGKILL');
    for (const left of await gone(tree, 10_000)) process.kill(left.pid, 'SIGKILL');
  }
}

/** A platform with keys, asked with one of them unless a request says otherwise. */
export class KeyedPlatform extends EmbeddedPlatform {
  #key = '';

  static async startKeyed(home: string, key: string, environment: NodeJS.ProcessEnv): Promise<KeyedPlatform> {
    const platform = new KeyedPlatform(home, environment);
    platform.#key = key;
    platform.address = await platform.ready();
    return platform;
  }

  override request(path: string, init: RequestInit = {}): Promise<Response> {
    return super.request(path, { ...init, headers: { authorization: `Bearer ${this.#key}`, ...init.headers } });
  }
}

/** Processes below a pid, and those that have the home in their command line or environment (Linux). */
export function processTree(root: number, home: string): ProcessIdentity[] {
  const found = new Map<number, ProcessIdentity>();
  const add = (pid: number): void => {
    const identity = identityOf(pid);
    if (identity !== null && pid !== process.pid) found.set(pid, identity);
  };
  add(root);
  for (const { pid } of findProcesses(home)) add(pid);
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    for (const pid of pids) if (environmentOf(pid).includes(`KTPFLOW_HOME=${home}`)) add(pid);
    for (let grown = true; grown; ) {
      const before = found.size;
      for (const pid of pids) if (!found.has(pid) && found.has(parentPidOf(pid) ?? -1)) add(pid);
      grown = found.size > before;
    }
  }
  return [...found.values()].filter(isRunning);
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export function exampleImage(number: 1 | 2 | 3): Buffer {
  return readFileSync(new URL(`../../examples/ktp-${number}.jpg`, import.meta.url));
}

/** What an example holds, in the names of the full shape. */
export function exampleTruth(number: 1 | 2 | 3): Record<string, string | null> {
  const text = readFileSync(new URL(`../../examples/ktp-${number}.json`, import.meta.url), 'utf8');
  return JSON.parse(text).fields;
}

export { imageForm, jsonRequest };
