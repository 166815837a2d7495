import type { RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';
import { sendError } from './errors.ts';

/**
 * Answers 408 where a body is not whole in time. Uploads are left alone: one that moves may take as long as it takes
 * (2 GB over 10 Mbit/s are half an hour), and multipart.ts ends one that stands still.
 */
export function limitBodyTime(limitMs: number): RequestHandler {
  return (request, response, next) => {
    if (request.complete || request.is('multipart/form-data')) return next();
    const timer = setTimeout(() => {
      if (!request.complete)
        sendError(response, new KtpflowError('request_timeout', 'The request did not arrive in time.'));
    }, limitMs);
    for (const end of ['end', 'close', 'error'] as const) request.once(end, () => clearTimeout(timer));
    next();
  };
}
