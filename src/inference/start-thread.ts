import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread of ours. In a source checkout (vitest, tsx) its file is a .ts file, and Node 20 needs tsx to load that:
 * a bootstrap registers it first, since `--import tsx` does nothing in a thread. The built package never takes that way.
 * @param built the thread's file as it is built: `new URL('./thread.js', import.meta.url)`
 */
export function startThread(built: URL, options: Pick<WorkerOptions, 'name' | 'workerData'>): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(built, options);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const entry = built.href.replace(/\.js$/, '.ts');
  const bootstrap = `import('${loader}').then(({ register }) => { register(); return import('${entry}'); })`;
  return new Worker(bootstrap, { ...options, eval: true });
}
