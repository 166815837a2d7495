import type { Payload } from '@temporalio/common';
import type { Sinks } from '@temporalio/workflow';

/**
 * Where a trace goes on, in the headers of workflows and activities: a sealed W3C traceparent. Temporal's SDK leaves headers
 * out of the payload codec, so whoever writes it seals it. Workflows pass it on as it is.
 */
export const TRACE_HEADER = 'ktpflow-trace';

export type RunOutcome = 'completed' | 'continued' | 'cancelled' | 'failed';

/** Tells the worker that a run with that header has ended. */
export interface TraceSinks extends Sinks {
  readonly trace: { runEnded(header: Payload, outcome: RunOutcome): void };
}

/**
 * The span of a run has an id that everybody can tell who knows the run: its children are exported by other processes, and
 * before it. A run's id ends with sixty bits of chance.
 */
export function spanIdOfRun(runId: string): string {
  return runId.replaceAll('-', '').slice(-16);
}
