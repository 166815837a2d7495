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
 * The environment of a role process of the embedded platform. Inference holds no database credentials and none of our
 * callers' keys: whoever breaks out of an image decoder finds neither.
 */
export function childEnvironment(
  base: NodeJS.ProcessEnv,
  roles: readonly Role[],
  overrides: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...base, ...overrides, ROLES: roles.join(',') };
  environment.MALLOC_ARENA_MAX ??= MALLOC_ARENAS;
  if (roles.includes('api') || roles.includes('worker')) return environment;
  for (const name of Object.keys(environment)) {
    if (KEPT_FROM_INFERENCE.includes(name) || /^PG[A-Z]+$/.test(name)) delete environment[name];
  }
  return environment;
}
