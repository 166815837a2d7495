import type { Express, RequestHandler } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { requireScope } from '../access/authentication.ts';
import { logAccess } from '../access/log-access.ts';
import type { RouteContext } from '../context.ts';
import { certificateLink } from '../erasures/certificate.ts';
import { callerGone } from '../http/caller-gone.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { cancelExtraction, cancelItem, cancelReview } from './cancel.ts';
import { EXTRACTIONS_PATH } from './collection.ts';
import { eraseExtraction } from './erase.ts';
import { type EventsContext, streamExtractionEvents } from './events.ts';
import { findExtraction } from './find-extraction.ts';
import { isFinal } from './job-schema.ts';
import { maskJob } from './mask-job.ts';
import { jobQuerySchema } from './request-schema.ts';
import { sendJob } from './respond.ts';
import { settleJob } from './settle-job.ts';
import { waitForEnd } from './wait.ts';

/** A running card stops within the activity's heartbeat, about a second. */
const CANCEL_WAIT_MS = 5_000;

type ItemContext = EventsContext & Pick<RouteContext, 'accessLog' | 'admission' | 'authenticator' | 'blobs'>;

/** GET (with `?wait`), DELETE and POST …/cancel and GET …/events of one extraction. */
export function extractionItem(app: Express, context: ItemContext): void {
  const { admission, authenticator, temporal } = context;
  const scope = requireScope(authenticator, 'extract');

  const read: RequestHandler<{ id: string }> = async (request, response) => {
    const { masked, wait } = parseOwnQuery(jobQuerySchema, request);
    const caller = callerOf(response);
    const { id } = request.params;
    let row = await findExtraction(context, caller.tenant, id);
    if (wait > 0 && !isFinal(row.status)) {
      const leave = admission.enter(caller.tenant);
      try {
        using scope = new AbortScope([context.closing, callerGone(response)], wait * 1000);
        await waitForEnd(context, row, scope.signal);
      } finally {
        leave();
      }
      row = await findExtraction(context, caller.tenant, id);
    }
    const job = await settleJob(context, row);
    if (job.result) await logAccess(context, response, masked ? 'extraction.read_masked' : 'extraction.read', id);
    sendJob(request, response, 200, masked ? maskJob(job) : job);
  };

  const cancel: RequestHandler<{ id: string }> = async (request, response) => {
    const caller = callerOf(response);
    const { id } = request.params;
    const row = await findExtraction(context, caller.tenant, id);
    if (!isFinal(row.status)) {
      await logAccess(context, response, 'extraction.cancel', id);
      if (row.status === 'needs_review') await cancelReview(temporal, id);
      else if (row.batchId !== null) await cancelItem(context, row);
      else await cancelExtraction(temporal, id);
      using scope = new AbortScope([callerGone(response)], CANCEL_WAIT_MS);
      await waitForEnd(context, row, scope.signal);
    }
    const job = await settleJob(context, await findExtraction(context, caller.tenant, id));
    // One that had ended stays as it is, and is sent with what was read.
    if (job.result) await logAccess(context, response, 'extraction.read', id);
    sendJob(request, response, 200, job);
  };

  const erase: RequestHandler<{ id: string }> = async (request, response) => {
    const caller = callerOf(response);
    const row = await findExtraction(context, caller.tenant, request.params.id);
    await eraseExtraction(context, row, requesterOf(response));
    response.setHeader('link', certificateLink(row.id));
    response.status(204).end();
  };

  const events: RequestHandler<{ id: string }> = async (request, response) => {
    const row = await findExtraction(context, callerOf(response).tenant, request.params.id);
    await streamExtractionEvents(context, request, response, row);
  };

  route(app, `${EXTRACTIONS_PATH}/:id`, {
    get: [scope, read as RequestHandler],
    delete: [scope, erase as RequestHandler],
  });
  route(app, `${EXTRACTIONS_PATH}/:id/cancel`, { post: [scope, cancel as RequestHandler] });
  route(app, `${EXTRACTIONS_PATH}/:id/events`, { get: [scope, events as RequestHandler] });
}
