import type { Role } from '../config.ts';

/** Beside these, everything that libpq reads: PGPASSWORD, PGSERVICE and so on. */
const KEPT_FROM_INFERENCE = ['DATABASE_URL', 'API_KEYS', 'WEBHOOK_SECRET'];

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
  if (roles.includes('api') || roles.includes('worker')) return environment;
  for (const name of Object.keys(environment)) {
    if (KEPT_FROM_INFERENCE.includes(name) || /^PG[A-Z]+$/.test(name)) delete environment[name];
  }
  return environment;
}
