import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { readServerRecord } from '../runtime/embedded/server-record.ts';

const PROBE_MS = 2_000;
/** What a connection fails with where nothing listens; `none`: no answer in time. Else something speaks no HTTP. */
const NOBODY = new Set(['ECONNREFUSED', 'EADDRNOTAVAIL', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'none']);
/** Addresses that a server listens on and nobody can ask for. */
const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]', '::': '[::1]' };

export interface LocalServer {
  readonly url: string;
  /** What answers there. */
  readonly state: 'ktpflow' | 'other' | 'none';
  /** The admin key that lies in the home of this very server; null: it is another one, or there is no such key. */
  readonly homeKey: string | null;
}

/**
 * The server on this machine: the one that has written its address into the home, else whatever answers on HOST and
 * PORT. @throws ConfigError
 */
export async function locateServer(config: Config = readConfig()): Promise<LocalServer> {
  const home = resolve(config.KTPFLOW_HOME);
  const recorded = await readServerRecord(home);
  if (recorded !== null) {
    const url = askable(recorded);
    const state = await probe(url);
    if (state === 'ktpflow') return { url, state, homeKey: await readHomeKey(home) };
  }
  const url = askable(`http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${config.PORT}`);
  return { url, state: await probe(url), homeKey: null };
}

/** Only its owner can read the file, who owns everything else in the home as well. */
async function readHomeKey(home: string): Promise<string | null> {
  const text = await readFile(join(home, 'admin-key'), 'utf8').catch(() => '');
  return text.trim() || null;
}

function askable(listening: string): string {
  const url = new URL(listening);
  url.hostname = ANY_ADDRESS[url.hostname] ?? url.hostname;
  return url.origin;
}

/** Whether a ktpflow listens there; its readiness is its own to tell. */
async function probe(url: string): Promise<LocalServer['state']> {
  try {
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(PROBE_MS), redirect: 'manual' });
    const answer: unknown = await response.json().catch(() => undefined);
    const isOurs = response.headers.has('x-request-id') && JSON.stringify(answer) === '{"ok":true}';
    return isOurs ? 'ktpflow' : 'other';
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error ? String(('code' in cause && cause.code) || cause.name) : 'none';
    return NOBODY.has(code) ? 'none' : 'other';
  }
}
