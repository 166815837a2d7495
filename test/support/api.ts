import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiContext } from '../../src/api/context.ts';
import { type ApiServer, startApiServer } from '../../src/api/server.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { createTemporalClient } from '../../src/runtime/roles/connect.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from './memory-database.ts';
import type { Platform } from './platform.ts';

export interface TestApi extends ApiServer {
  readonly context: ApiContext;
  /** What was logged, one line of JSON an entry. */
  readonly logs: string[];
  /** fetch with the path under the server's address. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** An API process's server over a platform; several may run over one. */
export async function startTestApi(platform: Platform, environment: Record<string, string> = {}): Promise<TestApi> {
  const { database, blobs, keyring, temporal } = platform;
  return serve({ config: override(platform.config, environment), database, blobs, keyring, temporal });
}

export interface LonelyApi extends TestApi {
  /** From here on the database is gone too. */
  stopDatabase(): Promise<void>;
}

/** An API with a database and a blob store of its own and, as a matter of fact, no Temporal. */
export async function startLonelyApi(environment: Record<string, string> = {}): Promise<LonelyApi> {
  const folder = await mkdtemp(join(tmpdir(), 'ktpflow-api-'));
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'debug',
    TEMPORAL_ADDRESS: `127.0.0.1:${await freePort('127.0.0.1')}`,
    ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    ...environment,
  });
  const keyring = new Keyring(config.ENCRYPTION_KEYS);
  const pglite = await borrowMemoryDatabase();
  const database = await openDatabase({ pglite });
  const temporal = createTemporalClient(config, keyring);
  const blobs = await FileBlobStore.open(join(folder, 'blobs'), keyring);
  const server = await serve({ config, database, blobs, keyring, temporal });
  return {
    ...server,
    stopDatabase: () => pglite.close(),
    async close() {
      await server.close();
      await temporal.connection.close();
      await returnMemoryDatabase(pglite);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serve(parts: Omit<ApiContext, 'logger' | 'metrics'>): Promise<TestApi> {
  const logs: string[] = [];
  const destination = { write: (line: string) => void logs.push(line) };
  const logger = createLogger({ level: 'debug', component: 'test', destination });
  const context: ApiContext = { ...parts, logger, metrics: createMetrics() };
  const server = await startApiServer(context);
  return { ...server, context, logs, request: (path, init) => fetch(`${server.address}${path}`, init) };
}

function override(config: Config, environment: Record<string, string>): Config {
  const read = Object.entries(readConfig(environment)).filter(([name]) => name in environment);
  return { ...config, ...Object.fromEntries(read) };
}

export function bearer(key: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Bearer ${key}` } };
}

export function jsonRequest(body: unknown, method = 'POST'): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** A form with the file field `image`. */
export function imageForm(bytes: Uint8Array, options?: unknown): FormData {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), 'card.jpg');
  if (options !== undefined) form.append('options', JSON.stringify(options));
  return form;
}

export function specimen(): Promise<Buffer> {
  return readFile(new URL('../../examples/ktp-1.jpg', import.meta.url));
}

/** The body, in the shape that the test relies on. */
export async function jsonOf<Body>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

/** Status and code of an error answer, after its envelope was checked. */
export async function errorOf(response: Response): Promise<{ status: number; code: string; param: string | null }> {
  const body = await jsonOf<{ error?: Record<string, unknown> }>(response);
  const { message, type, code, param } = body.error ?? {};
  if (typeof message !== 'string' || typeof type !== 'string' || typeof code !== 'string' || param === undefined) {
    throw new Error(`not the envelope: ${JSON.stringify(body)}`);
  }
  return { status: response.status, code, param: param === null ? null : String(param) };
}
