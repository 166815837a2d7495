import type { Headers, Payload } from '@temporalio/common';
import { ContinueAsNew, isCancellation, proxySinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { type RunOutcome, TRACE_HEADER, type TraceSinks } from '../contract/trace.ts';

/**
 * Passes the header of a trace on to activities, child workflows and the next run, and tells the worker when the run has
 * ended. Nothing is awaited that was not before: a history that was recorded without replays with it, and the other way
 * round, so traces may be turned on and off at any time. (Temporal's own interceptors add turns of the event loop, and
 * load OpenTelemetry for every run.)
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let header: Payload | undefined;
  const carrying = <Input extends { readonly headers: Headers }>(input: Input): Input =>
    header === undefined ? input : { ...input, headers: { ...input.headers, [TRACE_HEADER]: header } };
  return {
    inbound: [
      {
        execute(input, next) {
          header = input.headers[TRACE_HEADER];
          const result = next(input);
          if (header !== undefined) reportEnd(header, result);
          return result;
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(carrying(input)),
        scheduleLocalActivity: (input, next) => next(carrying(input)),
        startChildWorkflowExecution: (input, next) => next(carrying(input)),
        continueAsNew: (input, next) => next(carrying(input)),
      },
    ],
  };
};

function reportEnd(header: Payload, result: Promise<unknown>): void {
  const { runEnded } = proxySinks<TraceSinks>().trace;
  result.then(
    () => runEnded(header, 'completed'),
    (error: unknown) => runEnded(header, outcomeOf(error)),
  );
}

function outcomeOf(error: unknown): RunOutcome {
  if (error instanceof ContinueAsNew) return 'continued';
  return isCancellation(error) ? 'cancelled' : 'failed';
}
