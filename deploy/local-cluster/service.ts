import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GuardedProcess, spawnGuarded } from '../../src/runtime/processes/guarded-spawn.ts';
import { parentPidOf, signal } from '../../src/runtime/processes/process-identity.ts';

/** A service that has not ended by then, after SIGTERM, is killed. */
const STOP_MS = 40_000;
const LOOK_MS = 100;
const RESTART_MS = 1_000;

export interface ServiceDefinition {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What ends it in good order. */
  readonly stopSignal?: NodeJS.Signals;
  /** Whether it serves. A rejection counts as no. */
  isReady(): Promise<boolean>;
}

/** A process of the cluster with whatever it started itself. It never outlives this one; its output goes to a log. */
export class Service {
  readonly name: string;
  readonly logPath: string;
  readonly #definition: ServiceDefinition;
  /** What it said last, for each time that it ended without being asked. */
  readonly ownEnds: string[] = [];
  #running: GuardedProcess | undefined;
  #isWanted = false;
  #hasServed = false;

  constructor(definition: ServiceDefinition, logFolder: string) {
    this.name = definition.name;
    this.#definition = definition;
    mkdirSync(logFolder, { recursive: true });
    this.logPath = join(logFolder, `${definition.name}.log`);
  }

  get isRunning(): boolean {
    const guard = this.#running?.guard;
    return guard !== undefined && guard.exitCode === null && guard.signalCode === null;
  }

  /** Starts it unless it runs. Once it has served, it is started again when it ends by itself, as containers are. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    this.#isWanted = true;
    const log = openSync(this.logPath, 'a');
    try {
      const { command, args, environment, cwd } = this.#definition;
      const env = { ...process.env, ...environment };
      this.#running = await spawnGuarded(command, args, { stdout: log, stderr: log, env, ...(cwd && { cwd }) });
    } finally {
      closeSync(log);
    }
    this.#running.guard.once('exit', () => {
      if (!this.#isWanted || !this.#hasServed) return;
      this.ownEnds.push(this.lastLines(3));
      setTimeout(() => this.#isWanted && void this.start(), RESTART_MS).unref();
    });
  }

  /** Waits until it serves; throws when it ends or the time is over. */
  async ready(timeoutMs = 300_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; ; await sleep(LOOK_MS)) {
      if (await this.#definition.isReady().catch(() => false)) {
        this.#hasServed = true;
        return;
      }
      if (!this.isRunning && !this.#hasServed) throw new Error(`${this.name} has ended:\n${this.lastLines()}`);
      if (Date.now() > deadline) throw new Error(`${this.name} is not ready:\n${this.lastLines()}`);
    }
  }

  /** Asks it to end, waits until it has; kills what does not. */
  async stop(): Promise<void> {
    const pid = this.#running?.commandPid;
    this.#isWanted = false;
    if (pid === undefined || !this.isRunning) return;
    this.thaw();
    signal(pid, this.#definition.stopSignal ?? 'SIGTERM');
    for (const deadline = Date.now() + STOP_MS; this.isRunning && Date.now() < deadline; ) await sleep(LOOK_MS);
    await this.kill();
  }

  /** kill -9 of it and of everything below it, as a container's or a machine's end is. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    while (this.isRunning) {
      for (const pid of this.pids()) signal(pid, 'SIGKILL');
      await sleep(LOOK_MS);
    }
  }

  /** The end of its log. */
  lastLines(count = 20): string {
    return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  }

  /** To the process itself. */
  signal(name: NodeJS.Signals): void {
    if (this.#running && this.isRunning) signal(this.#running.commandPid, name);
  }

  freeze(): void {
    for (const pid of this.pids()) signal(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.pids()) signal(pid, 'SIGCONT');
  }

  /** The process and all below it. */
  pids(): number[] {
    const root = this.#running?.commandPid;
    return root === undefined || !this.isRunning ? [] : descendants(root);
  }
}

/** A process and what descends from it, the oldest first. */
function descendants(root: number): number[] {
  const parents = new Map(processIds().map((pid) => [pid, parentPidOf(pid)]));
  const found = [root];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found;
}

/** All process ids of the machine; Linux only. */
function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** Processes that were started in a folder or hold it in their environment or command line. */
export function processesOf(folder: string): number[] {
  return processIds().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      const texts = [readlinkSync(`/proc/${pid}/cwd`), ...['environ', 'cmdline'].map((file) => read(pid, file))];
      return texts.some((text) => text.includes(folder));
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}
