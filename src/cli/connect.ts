import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../config.ts';
import { ApiClient } from './api-client.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { locateServer } from './locate-server.ts';
import type { Output } from './output.ts';
import { isHomeInUse } from './own-home.ts';
import { startEmbedded } from './start-embedded.ts';

/** How long a server that is starting is waited for; its first start fetches 170 MB. */
const STARTING_MS = 2 * 60_000;
const STARTING_LOOK_MS = 500;

/**
 * Whether a command may start the embedded platform where no server answers: `never`, since it only asks; `with data`,
 * where the home holds some; `always`, making a home where there is none.
 */
export type MayStart = 'never' | 'with data' | 'always';

export interface ConnectOptions {
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly mayStart: MayStart;
}

export interface Connection {
  readonly api: ApiClient;
  /** Whether the platform was started by this program and ends with it. */
  readonly embedded: boolean;
  close(): Promise<void>;
}

/**
 * A server to talk to: the one that was named, else the one on this machine, else the embedded platform, started for
 * as long as this program runs. @param signal stops one that is being started
 * @throws CliError, ConfigError
 */
export async function connect(options: ConnectOptions, output: Output, signal: AbortSignal): Promise<Connection> {
  const { mayStart, url } = options;
  const key = checkedKey(options.key);
  if (url !== undefined) return connected(new ApiClient(checkedUrl(url), key));
  const server = await locateServer();
  if (server.state === 'ktpflow') return connected(new ApiClient(server.url, key ?? server.homeKey ?? undefined));
  const noServer =
    server.state === 'other'
      ? `another program than ktpflow answers on ${server.url}`
      : `no server answers on ${server.url}`;
  const home = resolve(readConfig().KTPFLOW_HOME);
  if (mayStart === 'never' || (mayStart === 'with data' && !existsSync(join(home, 'pglite')))) {
    throw new CliError(EXIT.unreachable, `${noServer}: start it with npm start, or name another one with --url`);
  }
  if (await isHomeInUse(home)) {
    output.say(`ktpflow is starting in ${home}: waiting for it`);
    return connected(await waitForServer(home, key, signal));
  }
  output.say(`${noServer}: starting the embedded platform`);
  // It may take seconds: running work is put down first.
  const sayStopping = () => output.say('stopping the embedded platform');
  signal.addEventListener('abort', sayStopping, { once: true });
  const { api, close } = await startEmbedded(key, signal);
  signal.removeEventListener('abort', sayStopping);
  return {
    api,
    embedded: true,
    close: async () => {
      sayStopping();
      await close();
    },
  };
}

/** Of a server that holds the home and does not answer yet. */
async function waitForServer(home: string, key: string | undefined, signal: AbortSignal): Promise<ApiClient> {
  const pause = () => sleep(STARTING_LOOK_MS, undefined, { signal });
  for (const deadline = Date.now() + STARTING_MS; Date.now() < deadline; await pause()) {
    const server = await locateServer();
    if (server.state === 'ktpflow') return new ApiClient(server.url, key ?? server.homeKey ?? undefined);
  }
  throw new CliError(EXIT.unreachable, `the ktpflow that runs in ${home} does not answer: name it with --url`);
}

function connected(api: ApiClient): Connection {
  return { api, embedded: false, close: () => api.close() };
}

/** As `docker --env-file` leaves a value: with its quotation marks. */
function withoutQuotes(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** Without what belongs to no base: a query, and the /v1 of OpenAI's clients. */
function checkedUrl(given: string): string {
  const text = withoutQuotes(given);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(EXIT.usage, `--url ${text} is no address, as http://localhost:3000 is`);
  }
  // It is not said again: it may be a password.
  if (url.username !== '' || url.password !== '') {
    throw new CliError(EXIT.usage, '--url holds a user or a password: give the key of the server with --api-key');
  }
  return url.origin + url.pathname.replace(/(\/v1)?\/*$/, '');
}

/** What no header can hold would be told as a fault of the server, and the key with it. */
function checkedKey(text: string | undefined): string | undefined {
  const key = withoutQuotes(text ?? '');
  if (!key) return undefined;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliError(EXIT.usage, 'the key (--api-key, KTPFLOW_API_KEY) holds a character that no key has');
}
