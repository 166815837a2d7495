import { once } from 'node:events';
import { closeSync, openSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedProcess, spawnGuarded } from '../processes/guarded-spawn.ts';
import {
  endProcess,
  findProcesses,
  identityOf,
  isRunning,
  type ProcessIdentity,
  signal,
} from '../processes/process-identity.ts';
import { lastLinesOfFile } from '../supervisor/last-lines.ts';
import { servesNamespace } from './grpc-probe.ts';
import { keepDatabase, prepareDatabase } from './unfinished-database.ts';

export interface TemporalServerOptions {
  /** From ensureTemporalCli(). */
  readonly cliPath: string;
  /** Absolute path of the SQLite file. */
  readonly databasePath: string;
  /** What the server prints; the previous run's is kept as `<logPath>.1`. */
  readonly logPath: string;
  readonly port: number;
  /** Created at the start when it is not there. Default: `default`. */
  readonly namespace?: string;
  /** Custom search attributes by name, for example `{tenant: 'Keyword'}`. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
}

export interface TemporalServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly server: ProcessIdentity;
  /** Settles when the server and its guard are gone, with the reason in words. */
  readonly ended: Promise<string>;
  /** Resolves when the namespace is served; rejects when the server ends before, or after `timeoutMs`. */
  ready(timeoutMs?: number): Promise<void>;
  /** Ends the server: gracefully (about a second), or at once after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_MS = 60_000;
const PROBE_EVERY_MS = 50;
const STOP_GRACE_MS = 3000;

/**
 * Starts `temporal server start-dev` in a session of its own (a terminal's Ctrl-C does not reach it), after ending a
 * left-over server on the same file. The caller holds the lock of the folder that the file lies in.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  await endLeftOverServers(options.databasePath);
  prepareDatabase(options.databasePath);
  const { guard, commandPid } = await spawnServer(options);
  const server = identityOf(commandPid);
  if (server === null) throw new Error(await reasonToEnd(options, 'at once'));
  const address = `${HOST}:${options.port}`;
  const ended = once(guard, 'exit').then(async ([code, signalName]) => {
    // A guard that was killed leaves the server behind; one that does not end either holds up the next start, which says so.
    const stuck = await endProcess(server).catch(({ message }: Error) => message);
    if (guard.pid !== undefined) signal(-guard.pid, 'SIGKILL');
    const reason = await reasonToEnd(options, `(${signalName ?? `code ${code}`})`);
    return stuck === undefined ? reason : `${reason}\n  ${stuck}`;
  });
  // Whoever waits for it handles it; nobody has to.
  ended.catch(() => {});

  return {
    address,
    server,
    ended,
    async ready(timeoutMs = READY_MS) {
      const deadline = performance.now() + timeoutMs;
      while (!(await servesNamespace(address, options.namespace ?? 'default'))) {
        if (!isRunning(server)) throw new Error(await ended);
        if (performance.now() > deadline) throw new Error(`Temporal server not ready after ${timeoutMs / 1000} s`);
        await delay(PROBE_EVERY_MS);
      }
      keepDatabase(options.databasePath);
    },
    async stop(graceMs = STOP_GRACE_MS) {
      if (isRunning(server)) signal(server.pid, 'SIGTERM');
      // One that does not end is what `ended` waits for.
      const timer = setTimeout(() => void endProcess(server).catch(() => undefined), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function reasonToEnd(options: TemporalServerOptions, how: string): Promise<string> {
  return [`ended ${how}`, ...(await lastLinesOfFile(options.logPath, 3))].join('\n  ');
}

/** Ends every Temporal server on this file whose guard and parent were killed. */
export async function endLeftOverServers(databasePath: string): Promise<void> {
  const leftOver = findProcesses('server start-dev', settingsPath(databasePath));
  await Promise.all(leftOver.map((server) => endProcess(server)));
}

async function spawnServer(options: TemporalServerOptions): Promise<GuardedProcess> {
  const log = openLog(options.logPath);
  try {
    // The server needs nothing of ours, least of all keys and passwords.
    const { PATH, TMPDIR, LANG } = process.env;
    const cwd = dirname(options.databasePath);
    // It looks for its user in /etc/passwd alone, where those of a container (--user 12345) and of a directory (LDAP) are
    // not, and does not start unless these two say who it is.
    const who = { USER: process.env.USER || 'ktpflow', HOME: process.env.HOME || cwd };
    return await spawnGuarded(options.cliPath, serverArguments(options), {
      stdout: log,
      stderr: log,
      env: { PATH, TMPDIR, LANG, ...who },
      cwd,
    });
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  try {
    renameSync(path, `${path}.1`);
  } catch {
    // The first start.
  }
  return openSync(path, 'a', 0o600);
}

/**
 * There is no such file: it keeps the CLI from reading the person's own settings, and it is what a server of this
 * database is known by in the list of processes.
 */
const settingsPath = (databasePath: string) => `${databasePath}.no-settings`;

/**
 * The file is named relative to its folder: the server makes an SQLite URI of the name as it is, where `#` ends the
 * path, `?` begins parameters and `%25` is decoded, but looks for the file itself under the name that it was given.
 *
 * Measured: without the poll rates every task waits about 50 ms; without fairness its keys do nothing; with the default
 * of 30 s between two acknowledgements a deleted history could be read for as long, with 1 s for 4 s at most.
 */
function serverArguments(options: TemporalServerOptions): string[] {
  const attributes = Object.entries(options.searchAttributes ?? {});
  const pragmas = ['journal_mode=wal', 'synchronous=1'];
  const dynamicConfig = [
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    'history.transferProcessorUpdateAckInterval="1s"',
    'history.visibilityProcessorUpdateAckInterval="1s"',
    'matching.enableFairness=true',
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
  ];
  return [
    ...['server', 'start-dev', '--headless', '--ip', HOST, '--port', String(options.port)],
    ...['--env-file', settingsPath(options.databasePath), '--disable-config-file'],
    ...['--db-filename', basename(options.databasePath), '--namespace', options.namespace ?? 'default'],
    ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}
