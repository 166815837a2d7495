import type { RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { logAccess } from '../access/log-access.ts';
import type { RouteContext } from '../context.ts';
import { certificateLink } from '../erasures/certificate.ts';
import { waitForWorkflow } from '../extractions/wait.ts';
import { callerGone } from '../http/caller-gone.ts';
import { hasBody } from '../http/has-body.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { sealBatch } from './add-items.ts';
import { isFinalBatch } from './batch-schema.ts';
import { cancelBatch, eraseBatch, retryBatch } from './control.ts';
import { findBatch } from './find-batch.ts';
import { pauseBatch } from './pause.ts';
import { retrySchema } from './request-schema.ts';
import { sendBatch } from './send-batch.ts';
import { settleBatch } from './settle-batch.ts';
import type { StartContext } from './start.ts';

/** What changing a batch touches. */
export type ControlContext = StartContext & Pick<RouteContext, 'accessLog'>;

/** Cards in the window stop within their heartbeat, about a second. */
const CANCEL_WAIT_MS = 5_000;

type ById = RequestHandler<{ id: string }>;

/** Changing a batch that is there: cancel, pause, resume, seal, retry, erasure. */
export function controlHandlers(context: ControlContext) {
  const find = (response: Response, id: string) => findBatch(context, callerOf(response).tenant, id);

  const cancel: ById = async (request, response) => {
    const { id } = request.params;
    const row = await find(response, id);
    if (!isFinalBatch(row.status)) {
      await logAccess(context, response, 'batch.cancel', id);
      await cancelBatch(context, row);
      using scope = new AbortScope([callerGone(response)], CANCEL_WAIT_MS);
      await waitForWorkflow(context.temporal, batchWorkflowId(id), scope.signal);
    }
    sendBatch(response, 200, await settleBatch(context, await find(response, id)));
  };

  const pauseOr =
    (paused: boolean): ById =>
    async (request, response) => {
      const row = await find(response, request.params.id);
      await logAccess(context, response, paused ? 'batch.pause' : 'batch.resume', row.id);
      await pauseBatch(context, row, paused);
      sendBatch(response, 200, await settleBatch(context, await find(response, row.id)));
    };

  const seal: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    await logAccess(context, response, 'batch.seal', row.id);
    await sealBatch(context, row);
    sendBatch(response, 200, await settleBatch(context, await find(response, row.id)));
  };

  const retry: ById = async (request, response) => {
    const { codes } = hasBody(request) ? retrySchema.parse(request.body) : {};
    const row = await find(response, request.params.id);
    await retryBatch(context, row, codes ?? undefined);
    await logAccess(context, response, 'batch.retry', row.id);
    sendBatch(response, 202, await settleBatch(context, await find(response, row.id)));
  };

  const erase: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    await eraseBatch(context, row, requesterOf(response));
    response.setHeader('link', certificateLink(row.id));
    response.status(204).end();
  };

  return { cancel, pauseOr, seal, retry, erase };
}
