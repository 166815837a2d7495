import { setMaxListeners } from 'node:events';
import express, { type Express } from 'express';
import { AccessLog } from './access/access-log.ts';
import { Admission } from './access/admission.ts';
import { Authenticator } from './access/authentication.ts';
import { uploadLimitBytes } from './access/upload-gate.ts';
import { adminKeys } from './admin-keys/routes.ts';
import { batches } from './batches/routes.ts';
import { LiveStreams } from './chat/live-streams.ts';
import { chat } from './chat/routes.ts';
import { chatBatches } from './chat-batches/routes.ts';
import { acceptConsoleSessions, consolePage } from './console/routes.ts';
import type { ApiContext, RouteContext } from './context.ts';
import { erasures } from './erasures/routes.ts';
import { extractionCollection } from './extractions/collection.ts';
import { extractionItem } from './extractions/item.ts';
import { ktpOcr } from './extractions/ktp-ocr.ts';
import { files } from './files/routes.ts';
import { health } from './health/routes.ts';
import { allowOrigins } from './http/cors.ts';
import { notFound, refuseNulInUrl, renderErrors } from './http/errors.ts';
import { identifyRequest } from './http/request-id.ts';
import { logRequests } from './http/request-log.ts';
import { securityHeaders } from './http/security-headers.ts';
import { traceRequests } from './http/trace-requests.ts';
import { drainUnreadBody } from './http/unread-body.ts';
import { mcp } from './mcp/routes.ts';
import { documentation } from './openapi/routes.ts';
import { responses } from './responses/routes.ts';
import { reviews } from './reviews/routes.ts';
import { subjects } from './subjects/routes.ts';
import { webhookDeliveries } from './webhooks/routes.ts';

/**
 * The HTTP application: what every request goes through, then the route groups.
 * @param closing aborted when the process is asked to stop
 */
export function createApp(context: ApiContext, closing: AbortSignal = new AbortController().signal): Express {
  const { config, database, keyring, logger, metrics } = context;
  // Each reader of a stream waits for it.
  setMaxListeners(0, closing);
  const routes: RouteContext = {
    ...context,
    authenticator: new Authenticator(config, database),
    accessLog: new AccessLog(database),
    admission: new Admission({
      limit: config.MAX_WAITING_INTERACTIVE,
      message: 'Too many requests are waiting; try again shortly.',
      onChange: metrics.setWaiting,
    }),
    uploads: new Admission({
      limit: uploadLimitBytes(config),
      message: 'Too many uploads are being received; try again shortly.',
    }),
    shortened: { last: null },
    closing,
  };

  const app = express();
  app.disable('x-powered-by');
  // Jobs carry an ETag of their own; nothing else is worth one.
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', trustProxy(config.TRUST_PROXY));
  app.use(identifyRequest(keyring), logRequests(logger, metrics), ...traceRequests());
  app.use(securityHeaders, allowOrigins(config.CORS_ORIGINS));
  app.use(drainUnreadBody, refuseNulInUrl, acceptConsoleSessions(routes));

  health(app, routes);
  ktpOcr(app, routes);
  extractionCollection(app, routes);
  extractionItem(app, routes);
  batches(app, routes);
  reviews(app, routes);
  const streams = new LiveStreams(routes);
  closing.addEventListener('abort', () => {
    streams.close().catch((error: unknown) => logger.warn('chat.close.failed', { error }));
  });
  chat(app, routes, streams);
  responses(app, routes, streams);
  mcp(app, routes);
  files(app, routes);
  chatBatches(app, routes);
  webhookDeliveries(app, routes);
  adminKeys(app, routes);
  subjects(app, routes);
  erasures(app, routes);
  documentation(app, routes);
  consolePage(app, routes);

  app.use(notFound);
  app.use(renderErrors(logger));
  return app;
}

/** Express takes a number of hops, or a list of networks and names such as `loopback`. */
function trustProxy(setting: string): number | string | false {
  if (setting === '') return false;
  return /^\d+$/.test(setting) ? Number(setting) : setting;
}
