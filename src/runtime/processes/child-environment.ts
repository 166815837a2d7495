import { getHeapStatistics } from 'node:v8';
import type { Role } from '../../config.ts';

/** Beside these, everything that libpq reads: PGPASSWORD, PGSERVICE and so on. */
const KEPT_FROM_INFERENCE = ['DATABASE_URL', 'API_KEYS', 'WEBHOOK_SECRET'];

/**
 * glibc gives each thread a heap of its own, and those of the models' threads grow to what the largest card has ever
 * needed: measured over 75 cards, 636 MB with two heaps and 730 without a limit, over 150 cards 700 and 1250; the same
 * speed. The API's threads (Temporal's client, sharp, the file system) do the same more slowly: after seven minutes of a
 * mixed load 177 MB lay in its heaps without a limit and 124 MB in two, beside a JavaScript heap that did not differ.
 */
const MALLOC_ARENAS = '2';

/**
 * Megabytes of a JavaScript heap. On a machine with much memory V8 lets a heap grow to four times what lives in it before it
 * collects in earnest, and below this limit to twice: after five minutes of a mixed load the API's heap held 195 MB instead
 * of 331, the process 509 instead of 655. Everything else of it (malloc, WebAssembly, files) was flat.
 */
const HEAP_LIMIT_MB = 2000;

/** Node's options for a child: its own limit where it is lower, and whatever the operator has set, stay. */
function nodeOptions(given: string, limitBytes: number): string {
  const isSet = /--max[-_]old[-_]space[-_]size/.test(given);
  if (isSet || limitBytes <= HEAP_LIMIT_MB * 1024 * 1024) return given;
  return `${given} --max-old-space-size=${HEAP_LIMIT_MB}`.trim();
}

/**
 * The environment of a role process of the embedded platform. Inference holds no database credentials and none of our
 * callers' keys: whoever breaks out of an image decoder finds neither.
 * @param heapLimitBytes what V8 has made of this machine's memory
 */
export function childEnvironment(
  base: NodeJS.ProcessEnv,
  roles: readonly Role[],
  overrides: NodeJS.ProcessEnv,
  heapLimitBytes = getHeapStatistics().heap_size_limit,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...base, ...overrides, ROLES: roles.join(',') };
  environment.MALLOC_ARENA_MAX ??= MALLOC_ARENAS;
  const options = nodeOptions(environment.NODE_OPTIONS ?? '', heapLimitBytes);
  if (options !== '') environment.NODE_OPTIONS = options;
  if (roles.includes('api') || roles.includes('worker')) return environment;
  for (const name of Object.keys(environment)) {
    if (KEPT_FROM_INFERENCE.includes(name) || /^PG[A-Z]+$/.test(name)) delete environment[name];
  }
  return environment;
}
