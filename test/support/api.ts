import { readFile } from 'node:fs/promises';
import { type ApiServer, startApiServer } from '../../src/api/server.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import type { Platform } from './platform.ts';

export interface TestApi extends ApiServer {
  /** fetch with the path under the server's address. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** An API process's server over a platform; several may run over one. */
export async function startTestApi(platform: Platform, overrides: Record<string, string> = {}): Promise<TestApi> {
  const config: Config = { ...platform.config, ...pick(readConfig(overrides), Object.keys(overrides)) };
  const { database, blobs, keyring, temporal, logger } = platform;
  const server = await startApiServer({ config, database, blobs, keyring, temporal, logger, metrics: createMetrics() });
  return { ...server, request: (path, init) => fetch(`${server.address}${path}`, init) };
}

function pick(config: Config, names: readonly string[]): Partial<Config> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => names.includes(name)));
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
