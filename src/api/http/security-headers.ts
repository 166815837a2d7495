import type { RequestHandler } from 'express';

/**
 * Headers of every answer. Answers hold personal data: nothing may store, sniff, frame or leak them. A route that
 * serves something public and constant may overwrite Cache-Control.
 */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  next();
};
