import { endProcess } from '../processes/process-identity.ts';
import type { Part } from '../supervisor/keep-running.ts';
import { startTemporalServer, type TemporalServerOptions } from './temporal-server.ts';

/**
 * The Temporal server as a part of the platform that is kept running.
 * @param say what is told of a server that does not end, as where its disk hangs
 */
export async function temporalPart(options: TemporalServerOptions, say: (line: string) => void): Promise<Part> {
  const temporal = await startTemporalServer(options);
  const ready = temporal.ready();
  const kill = () => void endProcess(temporal.server).catch(({ message }: Error) => say(`temporal: ${message}`));
  // One that runs without getting ready is started anew.
  ready.catch(kill);
  return {
    ready,
    ended: temporal.ended.then((reason) => ({ reason, hopeless: false })),
    drain: () => void temporal.stop(),
    kill,
  };
}
