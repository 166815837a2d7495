import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Express, RequestHandler, Response } from 'express';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import { WEBHOOK_WORKFLOW, type WebhookInput, webhookWorkflowId } from '../../contract/webhook.ts';
import { KtpflowError } from '../../errors.ts';
import { requireScope } from '../access/authentication.ts';
import { findBatch } from '../batches/find-batch.ts';
import { BATCHES_PATH } from '../batches/render-batch.ts';
import type { RouteContext } from '../context.ts';
import { EXTRACTIONS_PATH } from '../extractions/collection.ts';
import { findExtraction } from '../extractions/find-extraction.ts';
import { route } from '../http/methods.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { renderDelivery } from './schemas.ts';

const LOOK_AGAIN_MS = 50;
/** A run that has said how it ended is closed within milliseconds, as long as there is a worker. */
const CLOSING_MS = 5_000;

type ById = RequestHandler<{ id: string }>;
type ByDelivery = RequestHandler<{ id: string; delivery: string }>;

/** What telling again touches. */
type TellContext = Pick<RouteContext, 'keyring' | 'temporal' | 'workerClient'>;
type DeliveriesContext = TellContext & Pick<RouteContext, 'accessLog' | 'authenticator' | 'database'>;

/** What was told of an extraction or a batch, and telling it again. */
export function webhookDeliveries(app: Express, context: DeliveriesContext): void {
  deliveriesUnder(app, context, EXTRACTIONS_PATH, 'extraction', (tenant, id) => findExtraction(context, tenant, id));
  deliveriesUnder(app, context, BATCHES_PATH, 'batch', (tenant, id) => findBatch(context, tenant, id));
}

function deliveriesUnder(
  app: Express,
  context: DeliveriesContext,
  path: string,
  kind: WebhookInput['kind'],
  findSubject: (tenant: string, id: string) => Promise<{ id: string }>,
): void {
  const { accessLog, authenticator, database } = context;
  const scope = requireScope(authenticator, 'extract');
  const find = async (response: Response, id: string) => (await findSubject(callerOf(response).tenant, id)).id;

  const list: ById = async (request, response) => {
    const { cursor, limit } = pageQuerySchema.parse(request.query);
    const subject = await find(response, request.params.id);
    const rows = await database.webhookDelivery.findMany({
      where: { subject, ...behind(cursor) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    response.json(toPage(rows, limit, (row) => renderDelivery(context, row)));
  };

  /** The same event under the same webhook-id; one that is being delivered goes on as it is. */
  const redeliver: ByDelivery = async (request, response) => {
    const subject = await find(response, request.params.id);
    const { delivery: id } = request.params;
    const known = await database.webhookDelivery.findFirst({ where: { id, subject } });
    if (!known) throw new KtpflowError('not_found', 'There is no such delivery.');
    const caller = callerOf(response);
    const requestId = requestState(response).loggedId;
    await accessLog.write({ caller, action: 'webhook.redeliver', subject, requestId });
    const start = { input: { deliveryId: id, kind, subject }, tenant: known.tenant, requestId: randomUUID() };
    const deadline = Date.now() + CLOSING_MS;
    while (!(await startAgain(context, start)) && known.status !== 'pending') {
      if (Date.now() > deadline) {
        throw new KtpflowError('temporal_unavailable', 'The last tries of the delivery are not settled yet.');
      }
      // Its last run has said how it ended, and is about to be closed.
      await sleep(LOOK_AGAIN_MS);
    }
    response.status(202).json(renderDelivery(context, { ...known, status: 'pending', finishedAt: null }));
  };

  route(app, `${path}/:id/deliveries`, { get: [scope, list as RequestHandler] });
  route(app, `${path}/:id/deliveries/:delivery/redeliver`, { post: [scope, redeliver as RequestHandler] });
}

interface Redelivery {
  readonly input: WebhookInput;
  readonly tenant: string;
  /** Of this redelivery: another one is another run. */
  readonly requestId: string;
}

/** @returns false where a run of it is open */
async function startAgain(context: TellContext, { input, requestId, tenant }: Redelivery): Promise<boolean> {
  try {
    await startWorkflow(context, WEBHOOK_WORKFLOW, {
      workflowId: webhookWorkflowId(input.deliveryId),
      requestId,
      input,
      tenant,
      priorityKey: BATCH_PRIORITY,
      workflowTaskTimeout: '10 seconds',
      mayFollowAnother: true,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
