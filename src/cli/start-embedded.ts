import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../runtime/processes/free-port.ts';
import { spawnGuarded } from '../runtime/processes/guarded-spawn.ts';
import { SUPERVISED_ARGUMENT } from '../runtime/supervisor/supervised.ts';
import { ApiClient } from './api-client.ts';
import { CliError, EXIT } from './exit-codes.ts';

/** The first start fetches 170 MB. */
const START_MS = 15 * 60_000;
const STOP_MS = 12_000;
/** Who asks without a key on this machine: what the started platform does belongs to the same tenant. */
const ANONYMOUS_TENANT = 'anonymous';

/** A platform that ends with this program. */
export interface EmbeddedServer {
  readonly api: ApiClient;
  close(): Promise<void>;
}

/**
 * Starts the embedded platform in KTPFLOW_HOME, and waits until it is ready.
 * @param userKey a key to show instead of the one that is made for this start
 * @param signal stops it before it is ready
 * @throws CliError where it cannot be started; the signal's reason
 */
export async function startEmbedded(userKey: string | undefined, signal: AbortSignal): Promise<EmbeddedServer> {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const main = fileURLToPath(new URL(`../main${ending}`, import.meta.url));
  if (!existsSync(main)) throw new CliError(EXIT.unreachable, 'no server answers, and there is no build to start one');
  const port = await freePort('127.0.0.1');
  const key = randomBytes(24).toString('hex');
  const { ROLES: _, ...environment } = process.env;
  const nothing = openSync('/dev/null', 'w');
  // A session of its own: Ctrl-C is for this program, which decides what becomes of the other.
  const { guard, commandPid } = await spawnGuarded(
    process.execPath,
    [...(ending === '.ts' ? ['--import', 'tsx'] : []), main, SUPERVISED_ARGUMENT],
    {
      stdout: nothing,
      stderr: 2,
      env: {
        ...environment,
        HOST: '127.0.0.1',
        PORT: String(port),
        LOG_LEVEL: environment.LOG_LEVEL ?? 'error',
        API_KEYS: [environment.API_KEYS, `${key}:extract+chat+admin:${ANONYMOUS_TENANT}`].filter(Boolean).join(','),
      },
    },
  );
  const api = new ApiClient(`http://127.0.0.1:${port}`, userKey ?? key);
  const ended = once(guard, 'exit');
  const stop = async (): Promise<void> => {
    await api.close();
    if (guard.exitCode !== null) return;
    try {
      process.kill(commandPid, 'SIGTERM');
    } catch {
      // It has just ended.
    }
    await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
    guard.stdin?.destroy();
  };
  const deadline = Date.now() + START_MS;
  while (!(await ready(api))) {
    if (guard.exitCode !== null) throw new CliError(EXIT.unreachable, 'the embedded platform could not be started');
    if (Date.now() > deadline) {
      await stop();
      throw new CliError(EXIT.unreachable, 'the embedded platform is not ready after a quarter of an hour');
    }
    await sleep(100);
    if (signal.aborted) {
      await stop();
      signal.throwIfAborted();
    }
  }
  return { api, close: stop };
}

async function ready(api: ApiClient): Promise<boolean> {
  return fetch(`${api.url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
