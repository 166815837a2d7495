import type { Express, RequestHandler } from 'express';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { hasBody } from '../http/has-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { unlessMultipart } from '../http/unless-multipart.ts';
import { createOrRepeat, idempotencyHash } from '../intake/idempotency.ts';
import { discardImage, missingImage } from '../intake/image-upload.ts';
import { createExtraction, findRepeated, markAccepted, type NewExtraction } from './create.ts';
import { findExtraction } from './find-extraction.ts';
import { isFinal } from './job-schema.ts';
import { listExtractions, listQuerySchema } from './list.ts';
import { hashReceived, receiveJson, receiveMultipart } from './receive.ts';
import { waitQuerySchema } from './request-schema.ts';
import { sendJob } from './respond.ts';
import { settleJob } from './settle-job.ts';
import { waitForEnd } from './wait.ts';

export const EXTRACTIONS_PATH = '/v1/ktp/extractions';

/** POST: create one, from multipart or JSON. GET: list them. */
export function extractionCollection(app: Express, context: RouteContext): void {
  const { accessLog, admission, authenticator, keyring, logger } = context;

  const create: RequestHandler = async (request, response) => {
    const { wait } = waitQuerySchema.parse(request.query);
    const caller = callerOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, EXTRACTIONS_PATH);
    const leave = wait > 0 ? admission.enter() : undefined;
    try {
      const received = request.is('multipart/form-data')
        ? await receiveMultipart(context, request)
        : await receiveJson(context, caller.tenant, request.body);
      const { loggedId } = requestState(response);
      const id = await createOnce(context, {
        caller,
        loggedId,
        ...received,
        requestHash: hashReceived(context, caller, received),
        idempotencyHash: keyHash,
      });
      const accepted = markAccepted(context, id);
      // Awaited below where the answer is 202; a failure must not go unheard meanwhile.
      accepted.catch((error: unknown) => logger.warn('extraction.accept.failed', { extractionId: id, error }));
      response.location(`${EXTRACTIONS_PATH}/${id}`);
      if (wait > 0) {
        const signal = AbortSignal.any([AbortSignal.timeout(wait * 1000), context.closing, callerGone(response)]);
        await waitForEnd(context, { id, batchId: null }, signal);
      }
      await accepted.catch(() => undefined);
      const job = await settleJob(context, await findExtraction(context, caller.tenant, id));
      if (job.result) await accessLog.write({ caller, action: 'extraction.read', subject: id, requestId: loggedId });
      sendJob(request, response, isFinal(job.status) ? 200 : 202, job);
    } finally {
      leave?.();
    }
  };

  const list: RequestHandler = async (request, response) => {
    response.json(await listExtractions(context, callerOf(response), listQuerySchema.parse(request.query)));
  };

  const scope = requireScope(authenticator, 'extract');
  route(app, EXTRACTIONS_PATH, {
    post: [scope, requireImageBody, ...unlessMultipart(jsonBody(context.config)), create],
    get: [scope, list],
  });
}

function createOnce(context: RouteContext, request: NewExtraction): Promise<string> {
  const { idempotencyHash, image, requestHash } = request;
  const create = () => createExtraction(context, request);
  if (idempotencyHash === undefined) return create();
  const find = () => findRepeated(context, { idempotencyHash, requestHash });
  return createOrRepeat({ find, create, discard: () => discardImage(context, image.blob) });
}

/** A request without any body is one without an image, not one of a wrong type. */
const requireImageBody: RequestHandler = (request, _response, next) => {
  if (!hasBody(request)) throw missingImage();
  next();
};
