import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Keyring } from '../../encryption/keyring.ts';
import { inSpan, isTracing, traceparent } from '../../observability/tracing/spans.ts';
import { withTrace } from './trace-header.ts';

/** For clients: a workflow that is started belongs to the trace of whoever starts it. */
export function traceStarts(keyring: Keyring): WorkflowClientInterceptor[] {
  if (!isTracing()) return [];
  return [
    {
      startWithDetails: (input, next) =>
        inSpan(
          { name: `start ${input.workflowType}`, kind: 'producer', attributes: { workflow: input.workflowType } },
          async () => {
            const here = traceparent();
            return next(here ? { ...input, headers: await withTrace(input.headers, here, keyring) } : input);
          },
        ),
    },
  ];
}
