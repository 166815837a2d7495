import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import { spanIdOfRun, TRACE_HEADER, type TraceSinks } from '../../contract/trace.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { exportSpan, inSpan, isTracing, parseTraceparent } from '../../observability/tracing/spans.ts';
import { openTrace } from './trace-header.ts';

/** For workers: each attempt of an activity of a traced workflow is a span, a child of its run's. */
export function traceActivities(keyring: Keyring): ActivityInterceptorsFactory[] {
  if (!isTracing()) return [];
  return [
    ({ info }: Context) => ({
      inbound: {
        async execute(input, next) {
          const trace = parseTraceparent(await openTrace(input.headers[TRACE_HEADER], keyring));
          const runId = info.workflowExecution?.runId;
          // Housekeeping that nobody asked for is no trace.
          if (!trace || runId === undefined) return next(input);
          return inSpan(
            {
              name: info.activityType,
              kind: 'consumer',
              parent: { ...trace, spanId: spanIdOfRun(runId) },
              attributes: {
                activity: info.activityType,
                attempt: info.attempt,
                waitedMs: Date.now() - info.currentAttemptScheduledTimestampMs,
              },
            },
            () => next(input),
          );
        },
      },
    }),
  ];
}

/** For workers of workflows: the span of a run is exported when it has ended, by whichever worker ends it. */
export function traceRuns(keyring: Keyring): InjectedSinks<TraceSinks> {
  return {
    trace: {
      runEnded: {
        async fn({ continuedFromExecutionRunId, parent, runId, runStartTime, workflowType }, header, outcome) {
          const endedAt = new Date();
          const trace = parseTraceparent(await openTrace(header, keyring));
          if (!trace) return;
          // The header is that of the first run; who started this one is known by its id.
          const starter = continuedFromExecutionRunId ?? parent?.runId;
          exportSpan({
            name: workflowType,
            parent: starter === undefined ? trace : { ...trace, spanId: spanIdOfRun(starter) },
            spanId: spanIdOfRun(runId),
            startedAt: runStartTime,
            endedAt,
            attributes: { workflow: workflowType, runId },
            outcome,
          });
        },
      },
    },
  };
}
