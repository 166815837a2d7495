import type { RequestHandler } from 'express';

/** Handlers that a form passes by: its own parser reads it. */
export function unlessMultipart(handlers: RequestHandler[]): RequestHandler[] {
  return handlers.map((handler) => (request, response, next) => {
    if (request.is('multipart/form-data')) return next();
    return handler(request, response, next);
  });
}
