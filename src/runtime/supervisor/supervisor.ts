import { join, resolve } from 'node:path';
import { type Config, ConfigError, type Role, tidyValue } from '../../config.ts';
import { AssetError } from '../assets/asset.ts';
import type { AssetReport } from '../assets/report.ts';
import { ensureOcrModels, ensureTemporalCli } from '../assets/runtime-assets.ts';
import { adminKeyPath } from '../embedded/admin-key.ts';
import { loadOrCreateEncryptionKeys } from '../embedded/encryption-keys.ts';
import { type Home, HomeInUseError, HomeUnusableError, openHome } from '../embedded/home.ts';
import { removeServerRecord, writeServerRecord } from '../embedded/server-record.ts';
import { temporalPart } from '../embedded/temporal-part.ts';
import { endLeftOverServers } from '../embedded/temporal-server.ts';
import { explainMachineFault } from '../environment/machine-fault.ts';
import { checkTemporaryFolder } from '../environment/temporary-folder.ts';
import { childEnvironment } from '../processes/child-environment.ts';
import { type ChildRecords, endRecordedChildren } from '../processes/child-records.ts';
import { freePort, listenError } from '../processes/free-port.ts';
import { LockUnavailableError } from '../processes/process-lock.ts';
import { listenForStop } from '../processes/stop-signals.ts';
import { FatalStartError, keepRunning, type SupervisedPart } from './keep-running.ts';
import { watchNpm } from './npm-watch.ts';
import { forkRole, type RoleChild } from './role-child.ts';
import { listenProblem, titleOf } from './role-process.ts';

/** Ten seconds in all: the API first, since what it still answers needs the others. */
const API_GRACE_MS = 5000;
const INFERENCE_GRACE_MS = 2500;
const TEMPORAL_GRACE_MS = 2000;

export interface SupervisorOptions {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  /** The module that a child runs: main.js, with ROLES in its environment. */
  readonly childModule: string;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
  /** Prints a line about a fault. */
  readonly reportError: (line: string) => void;
  readonly assetReport: AssetReport;
}

interface Platform {
  readonly api: SupervisedPart;
  readonly inference: SupervisedPart;
  readonly temporal: SupervisedPart | null;
}

/**
 * Runs the embedded platform until it is asked to stop: the Temporal server, `ktpflow-api` and `ktpflow-inference`.
 * @returns the exit code: 0 after an orderly stop, 1 when it could not start, 130 or 143 when it was forced.
 */
export async function runSupervisor(options: SupervisorOptions): Promise<number> {
  const startedAt = performance.now();
  process.title = 'ktpflow';
  let platform: Platform | null = null;
  /** A hang-up took the npm that runs us, and was not meant for us. */
  let isDetached = false;
  let stopped = () => {};
  const stopAsked = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const endListening = listenForStop({
    onStop: (name) => {
      // Nothing to drain yet: what was started so far ends with this process.
      if (platform === null) process.exit(exitCodeOf(name));
      options.say('stopping (again to force it)');
      stopped();
    },
    onForce: (name) => {
      if (platform !== null) killAll(platform);
      process.exit(exitCodeOf(name));
    },
    onIgnoredHangup: () => {
      isDetached = true;
    },
  });
  watchNpm(() => {
    if (isDetached) return;
    if (platform === null) process.exit(1);
    stopped();
  });

  let home: Home | null = null;
  try {
    await checkTemporaryFolder();
    home = await openHome(options.config.KTPFLOW_HOME);
    platform = await startPlatform(options, home);
    const outcome = await Promise.race([readiness(platform), stopAsked]);
    if (outcome instanceof FatalStartError) {
      killAll(platform);
      await stopAll(platform);
      throw outcome;
    }
    if (outcome === 'ready') {
      options.say(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s; Ctrl-C stops it`);
    }
    await stopAsked;
    await stopAll(platform);
    options.say('stopped');
    return 0;
  } catch (error) {
    const line = isUserFacing(error) ? error.message : explainMachineFault(error);
    if (line === null) throw error;
    options.reportError(`ktpflow: ${line}`);
    return 1;
  } finally {
    if (home !== null) await removeServerRecord(home.path);
    await home?.release();
    endListening();
  }
}

async function startPlatform(options: SupervisorOptions, home: Home): Promise<Platform> {
  const { config, environment, say } = options;
  const records = await endLeftOvers(home);
  await checkPort(config);
  say(`data in ${home.path}`);
  const encryptionKeys = tidyValue(environment.ENCRYPTION_KEYS) ?? (await embeddedKeys(home, say));
  for (const line of accessLines(config, home)) say(line);
  const cliPath = config.TEMPORAL_ADDRESS ? null : await ensureTemporalCli(config, options.assetReport);
  await ensureOcrModels(config, options.assetReport);
  // Of the children too: Temporal makes files that anybody could read, were the home moved into an open folder. Assets,
  // which are there by now, may be others' as well.
  process.umask(0o077);

  // Everything at once: the children retry Temporal until it is there.
  const port = await freePort('127.0.0.1');
  const overrides: NodeJS.ProcessEnv = {
    TEMPORAL_ADDRESS: config.TEMPORAL_ADDRESS ?? `127.0.0.1:${port}`,
    KTPFLOW_HOME: home.path,
    ENCRYPTION_KEYS: encryptionKeys,
    ...(config.KTPFLOW_CACHE === undefined ? {} : { KTPFLOW_CACHE: resolve(config.KTPFLOW_CACHE) }),
  };
  const temporal =
    cliPath === null
      ? null
      : keepRunning(
          'temporal',
          () =>
            temporalPart(
              {
                cliPath,
                port,
                databasePath: home.temporalDatabasePath,
                logPath: join(home.logsPath, 'temporal.log'),
                namespace: config.TEMPORAL_NAMESPACE,
              },
              options.reportError,
            ),
          options.reportError,
        );
  return {
    temporal,
    api: keepRole(options, ['api', 'worker'], overrides, records, (address) => recordAddress(home, address)),
    inference: keepRole(options, ['inference'], overrides, records, () => {}),
  };
}

async function endLeftOvers(home: Home): Promise<ChildRecords> {
  const [records] = await Promise.all([endRecordedChildren(home.path), endLeftOverServers(home.temporalDatabasePath)]);
  return records;
}

async function checkPort(config: Config): Promise<void> {
  // A machine or a container may have IPv6 alone.
  const codeOfLoopback = config.TEMPORAL_ADDRESS ? null : await listenError('127.0.0.1', 0);
  if (codeOfLoopback !== null) {
    const advice = 'the embedded Temporal server needs this address, or set TEMPORAL_ADDRESS';
    throw new FatalStartError(`nothing can listen on 127.0.0.1 (${codeOfLoopback}): ${advice}`);
  }
  const code = await listenError(config.HOST, config.PORT);
  if (code === null) return;
  throw new FatalStartError(listenProblem(code, config) ?? `cannot listen on port ${config.PORT} (${code})`);
}

async function embeddedKeys(home: Home, say: (line: string) => void): Promise<string> {
  const { keys, path, created } = await loadOrCreateEncryptionKeys(home.path);
  say(`${created ? 'made a new key' : 'key'} in ${path}: keep a backup of it, without it the data cannot be read`);
  return keys;
}

/** Who gets in. Whether keys were made is the database's to know, so that the lines say what holds in either case. */
function accessLines(config: Config, home: Home): string[] {
  const lines = config.DATABASE_URL ? [] : [`admin key for the command line in ${adminKeyPath(home.path)}`];
  if (config.API_KEYS.length > 0) return lines;
  if (config.ALLOW_ANONYMOUS)
    return [...lines, 'ALLOW_ANONYMOUS=1: until a key is made, anybody may read cards and chat'];
  if (config.TRUST_PROXY !== '') return [...lines, 'TRUST_PROXY is set: every caller needs a key, see API_KEYS'];
  return [
    ...lines,
    'until a key is made, programs on this machine need none; a reverse proxy here would be one: set API_KEYS first',
  ];
}

/** Without the record the command line still looks at HOST and PORT: a full disk must not stop the server. */
function recordAddress(home: Home, address: string): void {
  writeServerRecord(home.path, address).catch(() => {});
}

function keepRole(
  options: SupervisorOptions,
  roles: readonly Role[],
  overrides: NodeJS.ProcessEnv,
  records: ChildRecords,
  onListening: (address: string) => void,
): SupervisedPart {
  // A port that the system chose is kept over restarts.
  let address: string | undefined;
  const start = async () => {
    const port = address === undefined ? {} : { PORT: new URL(address).port };
    const environment = childEnvironment(options.environment, roles, { ...overrides, ...port });
    const child = forkRole(options.childModule, environment, (readyAt) => {
      if (readyAt !== undefined && address === undefined) {
        address = readyAt;
        options.say(`listening on ${readyAt}`);
        onListening(readyAt);
      }
    });
    record(records, child);
    return child;
  };
  return keepRunning(titleOf(roles), start, options.reportError);
}

/**
 * Without its record a child still ends with its supervisor: a full disk, or a home that is gone, must neither keep a part
 * from being started again nor leave one behind that nobody knows.
 */
function record(records: ChildRecords, child: RoleChild): void {
  try {
    records.add(child.pid);
  } catch {
    // The one that comes after a crash has to wait for its locks instead.
  }
}

/** Waits for every part; answers the error of one that cannot start at all. */
async function readiness({ api, inference, temporal }: Platform): Promise<'ready' | FatalStartError> {
  try {
    await Promise.all([api.ready, inference.ready, temporal?.ready]);
    return 'ready';
  } catch (error) {
    if (error instanceof FatalStartError) return error;
    throw error;
  }
}

async function stopAll({ api, inference, temporal }: Platform): Promise<void> {
  await api.stop(API_GRACE_MS);
  await inference.stop(INFERENCE_GRACE_MS);
  await temporal?.stop(TEMPORAL_GRACE_MS);
}

function killAll({ api, inference, temporal }: Platform): void {
  api.kill();
  inference.kill();
  temporal?.kill();
}

const exitCodeOf = (name: NodeJS.Signals) => (name === 'SIGTERM' ? 143 : name === 'SIGHUP' ? 129 : 130);

function isUserFacing(error: unknown): error is Error {
  return [AssetError, ConfigError, FatalStartError, HomeInUseError, LockUnavailableError, HomeUnusableError].some(
    (known) => error instanceof known,
  );
}
