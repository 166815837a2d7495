import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadData } from './thread-messages.ts';

/**
 * Starts thread.js beside this file. In a source checkout (vitest, tsx) the thread is a .ts file, and Node 20 needs tsx
 * to load that: a bootstrap registers it first, since `--import tsx` does nothing in a thread. The built package never
 * takes that way.
 */
export function startThread(data: ThreadData): Worker {
  const options = { workerData: data, name: 'qwen3-vl' };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./thread.js', import.meta.url), options);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const entry = new URL('./thread.ts', import.meta.url).href;
  const bootstrap = `import('${loader}').then(({ register }) => { register(); return import('${entry}'); })`;
  return new Worker(bootstrap, { ...options, eval: true });
}
