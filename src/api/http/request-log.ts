import type { RequestHandler } from 'express';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { requestState } from './request-state.ts';

/** Methods that count by name; anything else a caller may invent counts as OTHER. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** nginx's status for a caller that went away before the answer. */
const CLIENT_CLOSED_REQUEST = 499;

/** One log line and one count a request, by route template: a URL holds what callers chose. */
export function logRequests(logger: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
      const method = countedMethod(request.method);
      const route = templateOf(request.route);
      metrics.requestFinished({ method, route, status, seconds: durationMs / 1000 });
      const requestId = requestState(response).loggedId;
      logger.info('request.finished', { method, route, status, durationMs, requestId });
    });
    next();
  };
}

/** The method by its name, or OTHER for what a caller has invented. */
export function countedMethod(method: string): string {
  return METHODS.has(method) ? method : 'OTHER';
}

/** The template of the route that answered, such as `/v1/models/:id`; never the URL. */
export function templateOf(route: { path?: unknown } | undefined): string {
  const path = Array.isArray(route?.path) ? route.path[0] : route?.path;
  return typeof path === 'string' ? path : 'unmatched';
}
