import type { Express, RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import type { AccessAction } from '../access/access-log.ts';
import { requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { certificateLink } from '../erasures/certificate.ts';
import { waitQuerySchema } from '../extractions/request-schema.ts';
import { waitForWorkflow } from '../extractions/wait.ts';
import { callerGone } from '../http/caller-gone.ts';
import { invalidValue } from '../http/errors.ts';
import { hasBody, ifBody } from '../http/has-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { unlessMultipart } from '../http/unless-multipart.ts';
import { idempotencyHash, idempotencyOf } from '../intake/idempotency.ts';
import { missingImage } from '../intake/image-upload.ts';
import { addItems, sealBatch } from './add-items.ts';
import { type BatchObject, isFinalBatch, POLL_AFTER_SECONDS } from './batch-schema.ts';
import { cancelBatch, eraseBatch, retryBatch } from './control.ts';
import { streamBatchEvents } from './events.ts';
import { findBatch, isKept } from './find-batch.ts';
import { countResultRows, listFailures, listItems, resultRows } from './items.ts';
import { pauseBatch } from './pause.ts';
import { receiveAddition, receiveBatch } from './receive.ts';
import { BATCHES_PATH } from './render-batch.ts';
import { batchPayload, createOrRepeatBatch } from './repeat.ts';
import { itemsQuerySchema, resultsQuerySchema, retrySchema } from './request-schema.ts';
import { byLinkOr, linkRequestSchema, makeResultLink } from './result-link.ts';
import { formatOf, sendResults } from './send-results.ts';
import { settleBatch, settleBatches } from './settle-batch.ts';
import { SharedCounts } from './shared-counts.ts';
import type { StartContext } from './start.ts';

/** Cards in the window stop within their heartbeat, about a second. */
const CANCEL_WAIT_MS = 5_000;

type BatchesContext = StartContext &
  Pick<RouteContext, 'accessLog' | 'admission' | 'authenticator' | 'closing' | 'uploads'>;

type ById = RequestHandler<{ id: string }>;

/** Many cards at once: handing them in, watching them, results, cancel, retry, erasure. */
export function batches(app: Express, context: BatchesContext): void {
  const { accessLog, admission, authenticator, config, database, keyring, temporal } = context;
  const scope = requireScope(authenticator, 'extract');
  const watched = new SharedCounts(database);
  const log = (response: Response, action: AccessAction, subject: string): Promise<void> =>
    accessLog.write({ caller: callerOf(response), action, subject, requestId: requestState(response).loggedId });
  const find = (response: Response, id: string) => findBatch(context, callerOf(response).tenant, id);

  const requireBody: RequestHandler = (request, _response, next) => {
    if (!hasBody(request)) throw missingImage();
    next();
  };

  const create: RequestHandler = async (request, response) => {
    const caller = callerOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, BATCHES_PATH);
    const batch = await receiveBatch(context, caller.tenant, request);
    const idempotency = idempotencyOf(keyring, caller, keyHash, batchPayload(batch));
    const { loggedId } = requestState(response);
    const id = await createOrRepeatBatch(context, { caller, loggedId, batch, idempotency });
    response.location(`${BATCHES_PATH}/${id}`);
    send(response, 202, await settleBatch(context, await find(response, id)));
  };

  const list: RequestHandler = async (request, response) => {
    const { cursor, limit } = pageQuerySchema.parse(request.query);
    const rows = await database.batch.findMany({
      where: { tenant: callerOf(response).tenant, AND: [isKept(), behind(cursor)] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    const objects = new Map((await settleBatches(context, rows.slice(0, limit))).map((batch) => [batch.id, batch]));
    response.json(toPage(rows, limit, (row) => objects.get(row.id)));
  };

  const read: ById = async (request, response) => {
    const { wait } = waitQuerySchema.parse(request.query);
    const { id } = request.params;
    let row = await find(response, id);
    if (wait > 0 && !isFinalBatch(row.status)) {
      const leave = admission.enter(callerOf(response).tenant);
      try {
        using scope = new AbortScope([context.closing, callerGone(response)], wait * 1000);
        await waitForWorkflow(temporal, batchWorkflowId(id), scope.signal);
      } finally {
        leave();
      }
      row = await find(response, id);
    }
    send(response, 200, await settleBatch(context, row));
  };

  const items: ById = async (request, response) => {
    const query = itemsQuerySchema.parse(request.query);
    const page = await listItems(context, await find(response, request.params.id), query);
    await log(response, 'batch.read', request.params.id);
    response.json(page);
  };

  const failures: ById = async (request, response) => {
    response.json(await listFailures(context, await find(response, request.params.id)));
  };

  const results: ById = async (request, response) => {
    const options = resultsQuerySchema.parse(request.query);
    const row = await find(response, request.params.id);
    await log(response, 'batch.read', row.id);
    const count = await countResultRows(context, row);
    const found = { batchId: row.id, rows: resultRows(context, row), count };
    await sendResults(response, found, { ...options, format: formatOf(request, options) });
  };

  const link: ById = async (request, response) => {
    const asked = linkRequestSchema.safeParse(request.body ?? {});
    if (!asked.success) throw invalidValue(asked.error);
    const row = await find(response, request.params.id);
    await log(response, 'batch.link', row.id);
    response.setHeader('cache-control', 'private, no-store');
    response.json(makeResultLink(keyring, row, asked.data));
  };

  const events: ById = async (request, response) => {
    await streamBatchEvents(context, request, response, await find(response, request.params.id), watched);
  };

  const cancel: ById = async (request, response) => {
    const { id } = request.params;
    const row = await find(response, id);
    if (!isFinalBatch(row.status)) {
      await log(response, 'batch.cancel', id);
      await cancelBatch(context, row);
      using scope = new AbortScope([callerGone(response)], CANCEL_WAIT_MS);
      await waitForWorkflow(temporal, batchWorkflowId(id), scope.signal);
    }
    send(response, 200, await settleBatch(context, await find(response, id)));
  };

  const pauseOr =
    (paused: boolean): ById =>
    async (request, response) => {
      const row = await find(response, request.params.id);
      await log(response, paused ? 'batch.pause' : 'batch.resume', row.id);
      await pauseBatch(context, row, paused);
      send(response, 200, await settleBatch(context, await find(response, row.id)));
    };

  const add: ById = async (request, response) => {
    const caller = callerOf(response);
    const row = await find(response, request.params.id);
    const keyHash = idempotencyHash(keyring, request, caller, `${BATCHES_PATH}/items`);
    const received = await receiveAddition(context, caller.tenant, request);
    const idempotency = idempotencyOf(keyring, caller, keyHash, [row.id, batchPayload(received)]);
    const { loggedId } = requestState(response);
    await addItems(context, row, { caller, loggedId, received, idempotency });
    send(response, 202, await settleBatch(context, await find(response, row.id)));
  };

  const seal: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    await log(response, 'batch.seal', row.id);
    await sealBatch(context, row);
    send(response, 200, await settleBatch(context, await find(response, row.id)));
  };

  const retry: ById = async (request, response) => {
    const { codes } = hasBody(request) ? retrySchema.parse(request.body) : {};
    const row = await find(response, request.params.id);
    await retryBatch(context, row, codes ?? undefined);
    await log(response, 'batch.retry', row.id);
    send(response, 202, await settleBatch(context, await find(response, row.id)));
  };

  const erase: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    await eraseBatch(context, row, { caller: callerOf(response), requestId: requestState(response).loggedId });
    response.setHeader('link', certificateLink(row.id));
    response.status(204).end();
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

function send(response: Response, status: 200 | 202, batch: BatchObject): void {
  response.setHeader('cache-control', 'private, no-cache');
  if (!isFinalBatch(batch.status)) response.setHeader('retry-after', String(POLL_AFTER_SECONDS));
  response.status(status).json(batch);
}
