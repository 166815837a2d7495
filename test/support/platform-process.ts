import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProcesses, isRunning, type ProcessIdentity } from '../../src/runtime/processes/process-identity.ts';

const COMPILE_FAST = new URL('compile-fast.mjs', import.meta.url).href;

/** A supervisor in a process of its own, as a person starts it, with what it prints. */
export class PlatformProcess {
  readonly child: ChildProcess;
  readonly home: string;
  output = '';
  #waiting: (() => void)[] = [];

  constructor(home: string, entry: string, environment: NodeJS.ProcessEnv = {}) {
    this.home = home;
    this.child = spawn(process.execPath, [entry], {
      env: { ...process.env, NODE_OPTIONS: `--import=${COMPILE_FAST}`, KTPFLOW_HOME: home, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        this.#wake();
      });
    }
    this.child.on('exit', () => this.#wake());
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get lines(): string[] {
    return this.output.split('\n').filter((line) => line !== '');
  }

  /** Waits until what was printed matches, from a place on; fails with the output when it ends first. */
  async printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output.slice(from));
      if (match !== null) return match;
      if (this.child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Ready; answers the API's address. */
  async ready(): Promise<string> {
    await this.printed(/ready after/);
    const [, address = ''] = await this.printed(/listening on (\S+)/);
    return address;
  }

  /** The exit code or signal, when the output is closed too: its children hold it as well. */
  async ended(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    const streams = [this.child.stdout, this.child.stderr];
    await Promise.all(streams.map((stream) => (stream === null || stream.closed ? null : once(stream, 'close'))));
    return this.child.exitCode ?? this.child.signalCode ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Everything below the supervisor: its role children, the Temporal server and the guards. */
  family(): ProcessIdentity[] {
    return [...this.#children().filter(isRunning), ...findProcesses(join(this.home, 'temporal.db'))];
  }

  /** Waits until nothing of this home runs; answers what still does after the time. */
  async familyAfter(timeoutMs: number): Promise<ProcessIdentity[]> {
    const deadline = performance.now() + timeoutMs;
    while (this.family().length > 0 && performance.now() < deadline) await delay(20);
    return this.family();
  }

  #children(): ProcessIdentity[] {
    try {
      return JSON.parse(readFileSync(join(this.home, 'children.json'), 'utf8'));
    } catch {
      return [];
    }
  }
}

/** Waits until none of them runs; answers those that still do after the time. */
export async function gone(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<ProcessIdentity[]> {
  const deadline = performance.now() + timeoutMs;
  while (processes.some(isRunning) && performance.now() < deadline) await delay(20);
  return processes.filter(isRunning);
}
