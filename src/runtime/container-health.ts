import { readConfig } from '../config.ts';

/**
 * What the image's health check runs: 0 while this container's process lives and can work. An API answers on its own
 * port as well, but only HEALTH_PORT is there in every role.
 */
const TIMEOUT_MS = 4_000;

const { HEALTH_PORT, PORT, ROLES } = readConfig();
const port = HEALTH_PORT ?? (ROLES === undefined || ROLES.includes('api') ? PORT : undefined);
if (port === undefined) {
  // Nothing to ask: the process is there, or the container would have ended.
  process.exit(0);
}
const answer = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
  () => undefined,
);
process.exit(answer?.ok ? 0 : 1);
