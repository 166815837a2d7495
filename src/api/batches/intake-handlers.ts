import type { RequestHandler } from 'express';
import type { RouteContext } from '../context.ts';
import { refuseUnknownQuery } from '../http/own-query.ts';
import { requesterOf } from '../http/request-state.ts';
import { idempotencyHash, idempotencyOf } from '../intake/idempotency.ts';
import { addItems } from './add-items.ts';
import { findBatch } from './find-batch.ts';
import { receiveAddition, receiveBatch } from './receive.ts';
import { BATCHES_PATH } from './render-batch.ts';
import { batchPayload, createOrRepeatBatch } from './repeat.ts';
import { sendBatch } from './send-batch.ts';
import { settleBatch } from './settle-batch.ts';
import type { StartContext } from './start.ts';

/** What taking in cards touches. */
export type IntakeContext = StartContext & Pick<RouteContext, 'closing'>;

/** Handing in a batch, and more items of one. */
export function intakeHandlers(context: IntakeContext) {
  const { keyring } = context;

  const create: RequestHandler = async (request, response) => {
    refuseUnknownQuery(request, []);
    const { caller, requestId } = requesterOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, BATCHES_PATH);
    const batch = await receiveBatch(context, { caller, requestId }, request);
    const idempotency = idempotencyOf(keyring, caller, keyHash, batchPayload(batch));
    const id = await createOrRepeatBatch(context, { caller, requestId, batch, idempotency });
    response.location(`${BATCHES_PATH}/${id}`);
    sendBatch(response, 202, await settleBatch(context, await findBatch(context, caller.tenant, id)));
  };

  const add: RequestHandler<{ id: string }> = async (request, response) => {
    refuseUnknownQuery(request, []);
    const { caller, requestId } = requesterOf(response);
    const row = await findBatch(context, caller.tenant, request.params.id);
    const keyHash = idempotencyHash(keyring, request, caller, `${BATCHES_PATH}/items`);
    const received = await receiveAddition(context, { caller, requestId }, request);
    const idempotency = idempotencyOf(keyring, caller, keyHash, [row.id, batchPayload(received)]);
    await addItems(context, row, { caller, requestId, received, idempotency });
    sendBatch(response, 202, await settleBatch(context, await findBatch(context, caller.tenant, row.id)));
  };

  return { create, add };
}
