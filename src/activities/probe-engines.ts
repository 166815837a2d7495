import type { EngineStatus } from '../workflows/messages.ts';
import type { ProbeActivities } from './types.ts';

/** Answers which engines of an inference process are ready; asked by the API for /readyz and /health. */
export function createProbeEngines(statuses: () => Promise<EngineStatus[]>): ProbeActivities['probeEngines'] {
  return statuses;
}
