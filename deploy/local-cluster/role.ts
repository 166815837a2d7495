import { fileURLToPath } from 'node:url';
import type { RoleImage } from './role-image.ts';
import type { ServiceDefinition } from './service.ts';

const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface RoleOptions {
  readonly name: string;
  readonly role: 'api' | 'worker' | 'inference';
  readonly healthPort: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Default: what is built in dist. */
  readonly image?: RoleImage | undefined;
}

/** A process of ktpflow with one role, as a container has it. */
export function prepareRole({ name, role, healthPort, environment, image }: RoleOptions): ServiceDefinition {
  // An API is ready when everything that it needs is; the health server tells that its process has started.
  const port = role === 'api' ? environment.PORT : healthPort;
  const own = { ...environment, ROLES: role, HEALTH_PORT: String(healthPort), MALLOC_ARENA_MAX: '2' };
  return {
    name,
    ...(image ? image.command(own) : { command: process.execPath, args: [ENTRY], environment: own }),
    isReady: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });
      await response.body?.cancel();
      return response.ok;
    },
  };
}
