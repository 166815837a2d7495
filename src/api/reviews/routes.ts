import type { Express, RequestHandler, Response } from 'express';
import { KtpflowError } from '../../errors.ts';
import { cropPicture } from '../../media/crop-picture.ts';
import { readBlob } from '../../storage/blobs.ts';
import type { AccessAction } from '../access/access-log.ts';
import { requireScope } from '../access/authentication.ts';
import { logAccess } from '../access/log-access.ts';
import type { RouteContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';
import { ifBody } from '../http/has-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { claimReview, type Holder, releaseReview } from './claim.ts';
import { decideReview } from './decide.ts';
import { sendTruth } from './export.ts';
import { findReview, renderListed, renderReview } from './find-review.ts';
import { listReviews } from './list.ts';
import {
  decideSchema,
  exportQuerySchema,
  holdSchema,
  listQuerySchema,
  pictureQuerySchema,
  REVIEWS_PATH,
} from './schemas.ts';

type ReviewsContext = Pick<
  RouteContext,
  'accessLog' | 'authenticator' | 'blobs' | 'config' | 'database' | 'keyring' | 'temporal'
>;

type ById = RequestHandler<{ id: string }>;

/** Cards that wait for a person: the queue, claims, decisions, pictures, and what was confirmed. */
export function reviews(app: Express, context: ReviewsContext): void {
  const { authenticator, blobs, config } = context;
  const scope = requireScope(authenticator, 'review');
  const find = (response: Response, id: string) => findReview(context, callerOf(response).tenant, id);
  const holder = (response: Response, reviewer: string | null | undefined): Holder => ({
    actor: callerOf(response).actor,
    reviewer: reviewer ?? null,
  });

  const list: RequestHandler = async (request, response) => {
    response.json(await listReviews(context, callerOf(response).tenant, parseOwnQuery(listQuerySchema, request)));
  };

  const truth: RequestHandler = async (request, response) => {
    const { batch } = parseOwnQuery(exportQuerySchema, request);
    await logAccess(context, response, 'review.export', batch ?? 'all');
    const by = requesterOf(response);
    await sendTruth(context, response, { batch, by });
  };

  const read: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    await logAccess(context, response, 'review.read', row.extractionId);
    response.json(await renderReview(context, row));
  };

  const hold =
    (change: typeof claimReview, action: AccessAction): ById =>
    async (request, response) => {
      const { reviewer } = holdSchema.parse(request.body ?? {});
      const { extractionId } = await find(response, request.params.id);
      await change(context, extractionId, holder(response, reviewer));
      await logAccess(context, response, action, extractionId);
      response.json(renderListed(await find(response, extractionId)));
    };

  const decide: ById = async (request, response) => {
    const body = decideSchema.parse(request.body);
    const row = await find(response, request.params.id);
    await logAccess(context, response, body.dry_run ? 'review.claim' : 'review.decide', row.extractionId);
    await decideReview(context, row, holder(response, body.reviewer), body);
    response.json(await renderReview(context, await find(response, row.extractionId)));
  };

  const picture: ById = async (request, response) => {
    const { field } = parseOwnQuery(pictureQuerySchema, request);
    const row = await find(response, request.params.id);
    const box = field && resultOf(context, row.extraction)?.fields[field].box;
    if (row.picture === null || box === null) throw new KtpflowError('not_found', 'There is no such picture.');
    await logAccess(context, response, 'review.read', row.extractionId);
    const whole = await readBlob(blobs, row.picture);
    response.type('image/jpeg').send(box ? await cropPicture(whole, box) : whole);
  };

  const byId = (handler: ById, body: RequestHandler[] = []): RequestHandler[] => [
    scope,
    ...body,
    handler as RequestHandler,
  ];
  const optionalBody = ifBody(jsonBody(config));
  route(app, REVIEWS_PATH, { get: [scope, list] });
  route(app, `${REVIEWS_PATH}/export`, { get: [scope, truth] });
  route(app, `${REVIEWS_PATH}/:id`, { get: byId(read) });
  route(app, `${REVIEWS_PATH}/:id/picture`, { get: byId(picture) });
  route(app, `${REVIEWS_PATH}/:id/claim`, { post: byId(hold(claimReview, 'review.claim'), optionalBody) });
  route(app, `${REVIEWS_PATH}/:id/release`, { post: byId(hold(releaseReview, 'review.release'), optionalBody) });
  route(app, `${REVIEWS_PATH}/:id/decide`, { post: byId(decide, jsonBody(config)) });
}
