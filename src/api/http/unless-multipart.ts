import type { RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';

/** Handlers that a form passes by: its own parser reads it. */
export function unlessMultipart(handlers: RequestHandler[]): RequestHandler[] {
  return handlers.map((handler) => (request, response, next) => {
    if (request.is('multipart/form-data')) return next();
    const type = request.get('content-type');
    if (type !== undefined && !/^(text|application)\/([\w.-]+\+)?(x-)?(nd)?json/i.test(type)) {
      throw new KtpflowError('unsupported_media_type', 'Send files as multipart/form-data, or a JSON body.');
    }
    return handler(request, response, next);
  });
}
