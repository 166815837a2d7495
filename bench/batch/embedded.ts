import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { commandLineOf, parentPidOf } from '../../src/runtime/processes/process-identity.ts';
import { cpuSeconds, residentMegabytes } from '../process-usage.ts';

/** The parts of the embedded platform, by how their command lines begin. */
export const PARTS = ['ktpflow', 'ktpflow-api', 'ktpflow-inference', 'temporal'] as const;
export type Part = (typeof PARTS)[number];

export interface Embedded {
  readonly url: string;
  readonly key: string;
  /** Process ids by part; a part that is being restarted is missing. */
  parts(): Map<Part, number>;
  /** Resident memory in megabytes by part. */
  memory(): Map<Part, number>;
  /** Seconds of processor time since their start, by part. */
  cpu(): Map<Part, number>;
  kill(part: Part): void;
  /** Milliseconds until /readyz was 200. */
  ready(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the built platform (`npm run build` first) on a free port, with its data in `home`. */
export async function startEmbedded(home: string, environment: Record<string, string> = {}): Promise<Embedded> {
  const port = await freePort('127.0.0.1');
  const key = randomBytes(16).toString('hex');
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], {
    env: {
      ...process.env,
      KTPFLOW_HOME: home,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      API_KEYS: `${key}:extract+admin:bench`,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const parts = () => findParts(child);
  return {
    url,
    key,
    parts,
    memory: () => new Map([...parts()].map(([part, pid]) => [part, residentMegabytes(pid)])),
    cpu: () => new Map([...parts()].map(([part, pid]) => [part, cpuSeconds(pid)])),
    kill(part) {
      const pid = parts().get(part);
      if (pid === undefined) throw new Error(`${part} does not run`);
      process.kill(pid, 'SIGKILL');
    },
    async ready() {
      const startedAt = performance.now();
      while (
        !(await fetch(`${url}/readyz`)
          .then(({ ok }) => ok)
          .catch(() => false))
      ) {
        if (child.exitCode !== null) throw new Error(`the platform ended with ${child.exitCode}`);
        if (performance.now() - startedAt > 120_000) throw new Error('the platform is not ready after two minutes');
        await sleep(100);
      }
      return performance.now() - startedAt;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function findParts(root: ChildProcess): Map<Part, number> {
  const processes = readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .map((pid) => ({ pid, parent: parentPidOf(pid), command: commandLineOf(pid) ?? '' }));
  const found = new Map<Part, number>();
  const visit = (pid: number): void => {
    for (const child of processes.filter(({ parent }) => parent === pid)) {
      const part = partOf(child.command);
      if (part) found.set(part, child.pid);
      visit(child.pid);
    }
  };
  if (root.pid !== undefined) {
    found.set('ktpflow', root.pid);
    visit(root.pid);
  }
  return found;
}

function partOf(command: string): Part | undefined {
  if (command.startsWith('ktpflow-api')) return 'ktpflow-api';
  if (command.startsWith('ktpflow-inference')) return 'ktpflow-inference';
  return /temporal server start-dev/.test(command) && !command.startsWith('sh ') ? 'temporal' : undefined;
}
