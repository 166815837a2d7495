import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../runtime/processes/free-port.ts';
import { spawnGuarded } from '../runtime/processes/guarded-spawn.ts';
import { ApiClient } from './api-client.ts';
import { CliError, EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Where a ktpflow of this machine listens, by the variable that it reads too. */
const DEFAULT_URL = `http://127.0.0.1:${process.env.PORT || 3000}`;
/** The first start fetches 170 MB. */
const START_MS = 15 * 60_000;
const PROBE_MS = 2_000;
const STOP_MS = 12_000;
/** Who asks without a key on this machine: what the started platform does belongs to the same tenant. */
const ANONYMOUS_TENANT = 'anonymous';

export interface ConnectOptions {
  readonly url: string | undefined;
  readonly key: string | undefined;
}

export interface Connection {
  readonly api: ApiClient;
  /** Whether the platform was started by this program and ends with it. */
  readonly embedded: boolean;
  close(): Promise<void>;
}

/**
 * A server to talk to: the one that was named, else the one on this machine's usual port, else the embedded platform,
 * started for as long as this program runs.
 */
export async function connect({ url, key }: ConnectOptions, output: Output): Promise<Connection> {
  if (url !== undefined) return connected(new ApiClient(url, key));
  if (await answers(DEFAULT_URL)) return connected(new ApiClient(DEFAULT_URL, key));
  return startEmbedded(key, output);
}

function connected(api: ApiClient): Connection {
  return { api, embedded: false, close: () => api.close() };
}

/** Whether a ktpflow listens there; its readiness is its own to tell. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(PROBE_MS) });
    return response.ok;
  } catch {
    return false;
  }
}

async function startEmbedded(userKey: string | undefined, output: Output): Promise<Connection> {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const main = fileURLToPath(new URL(`../main${ending}`, import.meta.url));
  if (!existsSync(main)) throw new CliError(EXIT.unreachable, 'no server answers, and there is no build to start one');
  const port = await freePort('127.0.0.1');
  const key = randomBytes(24).toString('hex');
  output.say('no server answers: starting the embedded platform');
  const { ROLES: _, ...environment } = process.env;
  const nothing = openSync('/dev/null', 'w');
  // A session of its own: Ctrl-C is for this program, which decides what becomes of the other.
  const { guard, commandPid } = await spawnGuarded(
    process.execPath,
    [...(ending === '.ts' ? ['--import', 'tsx'] : []), main],
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
  }
  return { api, embedded: true, close: stop };
}

async function ready(api: ApiClient): Promise<boolean> {
  return fetch(`${api.url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
