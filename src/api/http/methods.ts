import type { Express, RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';

type Method = 'get' | 'post' | 'delete';

/**
 * Declares every method of a path at once, so that the others get 405 with Allow, and OPTIONS its answer.
 * HEAD is answered wherever GET is.
 */
export function route(
  app: Express,
  path: string | string[],
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
): void {
  const declared = app.route(path);
  const methods = Object.keys(handlers) as Method[];
  for (const method of methods) declared[method](handlers[method] ?? []);
  const names = methods.map((method) => method.toUpperCase());
  const allow = [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  declared.all((request, response) => {
    response.setHeader('allow', allow);
    if (request.method !== 'OPTIONS') {
      throw new KtpflowError('method_not_allowed', 'Method not allowed; see the Allow header.');
    }
    response.status(204).end();
  });
}
