import type { RequestHandler } from 'express';

/** Headers that a page may read besides those that every page may. */
const EXPOSED = [
  ...['x-request-id', 'x-session-id', 'x-session-expires', 'x-extraction-id', 'x-should-retry'],
  ...['content-disposition', 'etag', 'location', 'retry-after', 'server-timing'],
].join(', ');
const METHODS = 'GET, HEAD, POST, DELETE, OPTIONS';
/** Seconds that a browser may remember the answer to its question; Chromium takes at most two hours. */
const REMEMBERED_SECONDS = '7200';

/**
 * Lets pages of other origins call from a browser (CORS_ORIGINS). Without credentials of the browser's own: callers
 * send their key themselves. With no origin configured nothing changes.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const anybody = origins.includes('*');
  return (request, response, next) => {
    const origin = request.get('origin');
    if (origins.length === 0) return next();
    response.vary('origin');
    if (origin === undefined || !(anybody || origins.includes(origin))) return next();
    response.set({
      'access-control-allow-origin': anybody ? '*' : origin,
      'access-control-expose-headers': EXPOSED,
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (request.method !== 'OPTIONS' || request.get('access-control-request-method') === undefined) return next();
    const headers = request.get('access-control-request-headers');
    response.set({
      'access-control-allow-methods': METHODS,
      'access-control-max-age': REMEMBERED_SECONDS,
      // A key is sent in `authorization`, which `*` does not stand for.
      ...(headers !== undefined && { 'access-control-allow-headers': headers }),
      ...(request.get('access-control-request-private-network') === 'true' && {
        'access-control-allow-private-network': 'true',
      }),
    });
    response.status(204).end();
  };
}
