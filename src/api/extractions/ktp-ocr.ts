import type { Express, RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { KtpflowError } from '../../errors.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import { requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { hasBody } from '../http/has-body.ts';
import { route } from '../http/methods.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { admitReceived } from '../intake/admit-received.ts';
import { missingImage } from '../intake/image-upload.ts';
import { cancelAfterDisconnect, cancelExtraction } from './cancel.ts';
import { EXTRACTIONS_PATH } from './collection.ts';
import { type CreateContext, createExtraction } from './create.ts';
import { findExtraction } from './find-extraction.ts';
import { isFinal, jobSchema } from './job-schema.ts';
import type { ExtractionOptions } from './options.ts';
import { hashReceived, receiveMultipart } from './receive.ts';
import { failureOf, resultOf } from './render-job.ts';
import { markAccepted } from './start.ts';
import { waitForEnd } from './wait.ts';

/**
 * Only a row that waits for minutes needs the mark, and nobody repeats this request by a key: most cards are read by
 * then and are spared a write.
 */
const ACCEPT_AFTER_MS = 2_000;

type KtpOcrContext = CreateContext &
  Pick<RouteContext, 'accessLog' | 'admission' | 'authenticator' | 'outcomes' | 'uploads'>;

/** POST /ktp-ocr/: one card in, the compatible shape out, as long as it takes. */
export function ktpOcr(app: Express, context: KtpOcrContext): void {
  const { accessLog, admission, authenticator, config, logger } = context;

  const read: RequestHandler = async (request, response) => {
    if (!hasBody(request) || request.is('application/x-www-form-urlencoded')) throw missingImage();
    if (!request.is('multipart/form-data')) {
      throw new KtpflowError('unsupported_media_type', 'Send multipart/form-data with the file field "image".');
    }
    const caller = callerOf(response);
    admission.check(caller.tenant);
    const received = await receiveMultipart(context, request, 'ignore', refuseReview);
    const leave = await admitReceived(context, caller, received.image);
    // From here on: a slow line must not use up the time for reading.
    using inTime = new AbortScope([], config.OCR_TIMEOUT_SECONDS * 1000);
    try {
      const { requestId } = requesterOf(response);
      const id = await createExtraction(context, {
        caller,
        requestId,
        ...received,
        requestHash: hashReceived(context, caller, received),
        idempotencyHash: undefined,
      });
      response.setHeader('x-extraction-id', id);
      const gone = callerGone(response);
      const accept = setTimeout(() => {
        markAccepted(context, id).catch((error: unknown) =>
          logger.warn('extraction.accept.failed', { extractionId: id, error }),
        );
      }, ACCEPT_AFTER_MS);
      using scope = new AbortScope([inTime.signal, gone]);
      const ended = await waitForEnd(context, { id, batchId: null }, scope.signal).finally(() => clearTimeout(accept));
      if (gone.aborted) {
        if (!ended) cancelAfterDisconnect(context, id);
        return;
      }
      const row = await findExtraction(context, caller.tenant, id);
      if (!isFinal(row.status)) await giveUp(context, id, ended);
      if (row.status === 'cancelled') throw new KtpflowError('cancelled', 'The extraction was cancelled.');
      const result = resultOf(context, row);
      if (!result) throw failureOf(row);
      await accessLog.write({ caller, action: 'extraction.read', subject: id, requestId });
      setServerTiming(response, row);
      response.json(result.compat);
    } finally {
      leave();
    }
  };

  const gate = gateUploads(context, config.MAX_IMAGE_MB);
  route(app, '/ktp-ocr', { post: [requireScope(authenticator, 'extract'), gate, read] });
}

/** The answer is the card: nobody here waits for a person. */
function refuseReview({ review }: ExtractionOptions): void {
  if (!review) return;
  const message = `A card that a person looks at is not ready at once: send it to ${EXTRACTIONS_PATH}.`;
  throw new KtpflowError('unsupported', message, { param: 'options.review' });
}

/** @throws KtpflowError deadline_exceeded; internal where the workflow has ended without storing anything */
async function giveUp(context: Pick<RouteContext, 'logger' | 'temporal'>, id: string, ended: boolean): Promise<never> {
  if (ended) throw new KtpflowError('internal', 'The extraction ended without a result.');
  await cancelExtraction(context.temporal, id).catch((error: unknown) =>
    context.logger.warn('extraction.cancel.failed', { extractionId: id, error }),
  );
  throw new KtpflowError(
    'deadline_exceeded',
    `The card was not read in time. The extraction is being cancelled, see ${EXTRACTIONS_PATH}/${id}.`,
  );
}

function setServerTiming(response: Response, row: Extraction): void {
  const timings = jobSchema.shape.timings_ms.safeParse(row.timings);
  if (!timings.success || timings.data === null) return;
  const { prepare, ocr, generate, assemble } = timings.data;
  const entries = Object.entries({ prepare, ocr, generate, assemble });
  response.setHeader('server-timing', entries.map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(', '));
}
