import type { EngineStatus } from '../contract/engine-status.ts';
import type { ProbeActivities } from '../contract/extraction-activities.ts';

/** Answers which engines of an inference process are ready; asked by the API for /readyz and /health. */
export function createProbeEngines(statuses: () => Promise<EngineStatus[]>): ProbeActivities['probeEngines'] {
  return statuses;
}
