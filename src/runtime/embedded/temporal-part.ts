import { endProcess } from '../processes/process-identity.ts';
import type { Part } from '../supervisor/keep-running.ts';
import { startTemporalServer, type TemporalServerOptions } from './temporal-server.ts';

/** The Temporal server as a part of the platform that is kept running. */
export async function temporalPart(options: TemporalServerOptions): Promise<Part> {
  const temporal = await startTemporalServer(options);
  const ready = temporal.ready();
  // One that runs without getting ready is started anew.
  ready.catch(() => endProcess(temporal.server));
  return {
    ready,
    ended: temporal.ended.then((reason) => ({ reason, hopeless: false })),
    drain: () => void temporal.stop(),
    kill: () => void endProcess(temporal.server),
  };
}
