import type { Express, RequestHandler } from 'express';
import { requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { hasBody, ifBody } from '../http/has-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { unlessMultipart } from '../http/unless-multipart.ts';
import { missingImage } from '../intake/image-upload.ts';
import { type ControlContext, controlHandlers } from './control-handlers.ts';
import { type IntakeContext, intakeHandlers } from './intake-handlers.ts';
import { type ReadContext, readHandlers } from './read-handlers.ts';
import { BATCHES_PATH } from './render-batch.ts';
import { byLinkOr } from './result-link.ts';

type BatchesContext = IntakeContext & ReadContext & ControlContext & Pick<RouteContext, 'authenticator' | 'uploads'>;

type ById = RequestHandler<{ id: string }>;

/** Many cards at once: handing them in, watching them, results, cancel, retry, erasure. */
export function batches(app: Express, context: BatchesContext): void {
  const { authenticator, config } = context;
  const scope = requireScope(authenticator, 'extract');
  const { add, create } = intakeHandlers(context);
  const { events, failures, items, link, list, read, results } = readHandlers(context);
  const { cancel, erase, pauseOr, retry, seal } = controlHandlers(context);

  const requireBody: RequestHandler = (request, _response, next) => {
    if (!hasBody(request)) throw missingImage();
    next();
  };

  const byId = (handler: ById): RequestHandler[] => [scope, handler as RequestHandler];
  const receiving = (handler: RequestHandler): RequestHandler[] => [
    scope,
    requireBody,
    gateUploads(context, config.MAX_UPLOAD_MB),
    ...unlessMultipart(jsonBody(config)),
    handler,
  ];
  route(app, BATCHES_PATH, {
    post: receiving(create),
    get: [scope, list],
  });
  route(app, `${BATCHES_PATH}/:id`, { get: byId(read), delete: byId(erase) });
  route(app, `${BATCHES_PATH}/:id/items`, { get: byId(items), post: receiving(add as RequestHandler) });
  route(app, `${BATCHES_PATH}/:id/failures`, { get: byId(failures) });
  route(app, `${BATCHES_PATH}/:id/results`, { get: [byLinkOr(context, scope), results as RequestHandler] });
  route(app, `${BATCHES_PATH}/:id/results/link`, { post: [scope, ...jsonBody(config), link as RequestHandler] });
  route(app, `${BATCHES_PATH}/:id/events`, { get: byId(events) });
  route(app, `${BATCHES_PATH}/:id/cancel`, { post: byId(cancel) });
  route(app, `${BATCHES_PATH}/:id/pause`, { post: byId(pauseOr(true)) });
  route(app, `${BATCHES_PATH}/:id/resume`, { post: byId(pauseOr(false)) });
  route(app, `${BATCHES_PATH}/:id/seal`, { post: byId(seal) });
  route(app, `${BATCHES_PATH}/:id/retry`, {
    post: [scope, ...ifBody(jsonBody(config)), retry as RequestHandler],
  });
}
