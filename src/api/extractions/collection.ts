import type { Express, Request, RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { requireScope } from '../access/authentication.ts';
import type { Caller } from '../access/caller.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { hasBody } from '../http/has-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { unlessMultipart } from '../http/unless-multipart.ts';
import { admitReceived } from '../intake/admit-received.ts';
import { idempotencyHash } from '../intake/idempotency.ts';
import { missingImage } from '../intake/image-upload.ts';
import { type CreateContext, createExtractionOnce, findRepeated } from './create.ts';
import { findExtraction } from './find-extraction.ts';
import { isFinal } from './job-schema.ts';
import { listExtractions, listQuerySchema } from './list.ts';
import { type AskedExtraction, hashReceived, readJson, receiveAsked, receiveMultipart } from './receive.ts';
import { waitQuerySchema } from './request-schema.ts';
import { sendJob } from './respond.ts';
import { settleJob } from './settle-job.ts';
import { markAccepted } from './start.ts';
import { waitForEnd } from './wait.ts';

export const EXTRACTIONS_PATH = '/v1/ktp/extractions';

type CollectionContext = CreateContext &
  Pick<RouteContext, 'accessLog' | 'admission' | 'authenticator' | 'outcomes' | 'uploads'>;

/** POST: create one, from multipart or JSON. GET: list them. */
export function extractionCollection(app: Express, context: CollectionContext): void {
  const { accessLog, admission, authenticator, config, keyring, logger } = context;

  const create: RequestHandler = async (request, response) => {
    const { wait } = parseOwnQuery(waitQuerySchema, request);
    const by = requesterOf(response);
    const { caller } = by;
    const keyHash = idempotencyHash(keyring, request, caller, EXTRACTIONS_PATH);
    if (wait > 0) admission.check(caller.tenant);
    const asked = request.is('multipart/form-data') ? undefined : readJson(context, request.body);
    const first = asked && (await repeatedBy(context, caller, keyHash, asked));
    if (first !== undefined) return promise(request, response, first, wait);
    const received = asked
      ? await receiveAsked(context, by, asked)
      : await receiveMultipart(context, request, 'refuse');
    const leave = wait > 0 ? await admitReceived(context, caller, received.image) : undefined;
    try {
      const id = await createExtractionOnce(context, {
        ...by,
        ...received,
        requestHash: hashReceived(context, caller, received),
        idempotencyHash: keyHash,
      });
      await promise(request, response, id, wait);
    } finally {
      leave?.();
    }
  };

  /** Answers with the extraction, after a wait where one was asked for. */
  const promise = async (request: Request, response: Response, id: string, wait: number): Promise<void> => {
    const { caller, requestId } = requesterOf(response);
    const accepted = markAccepted(context, id);
    // Awaited below; a failure must not go unheard meanwhile.
    accepted.catch((error: unknown) => logger.warn('extraction.accept.failed', { extractionId: id, error }));
    response.location(`${EXTRACTIONS_PATH}/${id}`);
    if (wait > 0) {
      using scope = new AbortScope([context.closing, callerGone(response)], wait * 1000);
      await waitForEnd(context, { id, batchId: null }, scope.signal);
    }
    const row = await findExtraction(context, caller.tenant, id).catch(async (error: unknown) => {
      await accepted;
      throw error;
    });
    const job = await settleJob(context, row);
    // One that has ended needs no mark; any other must not be promised without it.
    if (!isFinal(job.status)) await accepted;
    if (job.result) await accessLog.write({ caller, action: 'extraction.read', subject: id, requestId });
    sendJob(request, response, isFinal(job.status) ? 200 : 202, job);
  };

  const list: RequestHandler = async (request, response) => {
    response.json(await listExtractions(context, callerOf(response), parseOwnQuery(listQuerySchema, request)));
  };

  const scope = requireScope(authenticator, 'extract');
  const gate = gateUploads(context, Math.max(config.MAX_IMAGE_MB, config.MAX_JSON_MB));
  route(app, EXTRACTIONS_PATH, {
    post: [scope, requireImageBody, gate, ...unlessMultipart(jsonBody(config)), create],
    get: [scope, list],
  });
}

/** What was made under the key before, where that can be told without the image: by then that may be gone. */
async function repeatedBy(
  context: CreateContext,
  caller: Caller,
  keyHash: string | undefined,
  { imageKey, options }: AskedExtraction,
): Promise<string | undefined> {
  if (keyHash === undefined || imageKey === undefined) return undefined;
  const requestHash = hashReceived(context, caller, { imageKey, options });
  return findRepeated(context, { idempotencyHash: keyHash, requestHash });
}

/** A request without any body is one without an image, not one of a wrong type. */
const requireImageBody: RequestHandler = (request, _response, next) => {
  if (!hasBody(request)) throw missingImage();
  next();
};
