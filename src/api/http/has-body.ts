import type { Request, RequestHandler } from 'express';

/** Whether a request carries a body, by its headers. */
export function hasBody(request: Request): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/** Handlers of a body that may be left out. */
export function ifBody(handlers: readonly RequestHandler[]): RequestHandler[] {
  return handlers.map((handler) => (request, response, next) => {
    if (!hasBody(request)) return next();
    return handler(request, response, next);
  });
}
