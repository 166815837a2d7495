import type { RequestHandler } from 'express';
import { isTracing, openSpan, parseTraceparent } from '../../observability/tracing/spans.ts';
import { countedMethod, templateOf } from './request-log.ts';
import { requestState } from './request-state.ts';

/** Asked every few seconds by whoever watches. */
const PROBES = new Set(['/livez', '/readyz', '/health', '/metrics']);

/**
 * A span a request, that of its caller's trace where it names one (`traceparent`). Of a caller's other headers nothing is
 * taken: `tracestate` and `baggage` may say anything.
 */
export function traceRequests(): RequestHandler[] {
  if (!isTracing()) return [];
  return [
    (request, response, next) => {
      if (PROBES.has(request.path)) return next();
      const method = countedMethod(request.method);
      const span = openSpan({
        name: method,
        kind: 'server',
        parent: parseTraceparent(request.get('traceparent')),
        attributes: { method, requestId: requestState(response).loggedId },
      });
      if (!span) return next();
      response.once('close', () => {
        const route = templateOf(request.route);
        const { statusCode: status } = response;
        span.rename(`${method} ${route}`);
        span.set({ route, ...(response.writableFinished && { status }) });
        if (!response.writableFinished) span.end('caller_gone');
        else span.end(status >= 500 ? String(status) : undefined);
      });
      span.run(next);
    },
  ];
}
