import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Express, RequestHandler, Response } from 'express';
import type { Scope } from '../../config.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import { WEBHOOK_WORKFLOW, type WebhookInput, webhookWorkflowId } from '../../contract/webhook.ts';
import { KtpflowError } from '../../errors.ts';
import { requireScope } from '../access/authentication.ts';
import { findBatch } from '../batches/find-batch.ts';
import { BATCHES_PATH } from '../batches/render-batch.ts';
import { COMPLETIONS_PATH } from '../chat/routes.ts';
import type { RouteContext } from '../context.ts';
import { EXTRACTIONS_PATH } from '../extractions/collection.ts';
import { findExtraction } from '../extractions/find-extraction.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { RESPONSES_PATH } from '../responses/routes.ts';
import { renderDelivery } from './schemas.ts';
import { sessionAnswers } from './told-answers.ts';

const LOOK_AGAIN_MS = 50;
/** A run that has said how it ended is closed within milliseconds, as long as there is a worker. */
const CLOSING_MS = 5_000;

type ById = RequestHandler<{ id: string }>;
type ByDelivery = RequestHandler<{ id: string; delivery: string }>;

/** What telling again touches. */
type TellContext = Pick<RouteContext, 'keyring' | 'temporal' | 'workerClient'>;
type DeliveriesContext = TellContext & Pick<RouteContext, 'accessLog' | 'authenticator' | 'database'>;

interface ToldSubjects {
  readonly path: string;
  readonly scope: Scope;
  readonly kind: WebhookInput['kind'];
  /** Their ids. @throws KtpflowError where there is none */
  readonly find: (tenant: string, id: string) => Promise<readonly string[]>;
}

/** What was told of an extraction, a batch or an answer, and telling it again. */
export function webhookDeliveries(app: Express, context: DeliveriesContext): void {
  const { database, keyring } = context;
  const answersOf = async (tenant: string, name: string, none: KtpflowError) => {
    const answers = await sessionAnswers(database, tenant, keyring.hmac('session', tenant, name));
    if (answers.length === 0) throw none;
    return answers;
  };
  deliveriesUnder(app, context, {
    path: EXTRACTIONS_PATH,
    scope: 'extract',
    kind: 'extraction',
    find: async (tenant, id) => [(await findExtraction(context, tenant, id)).id],
  });
  deliveriesUnder(app, context, {
    path: BATCHES_PATH,
    scope: 'extract',
    kind: 'batch',
    find: async (tenant, id) => [(await findBatch(context, tenant, id)).id],
  });
  deliveriesUnder(app, context, {
    path: COMPLETIONS_PATH,
    scope: 'chat',
    kind: 'chat',
    find: (tenant, session) =>
      answersOf(tenant, session, new KtpflowError('session_not_found', 'The session is unknown or has expired.')),
  });
  deliveriesUnder(app, context, {
    path: RESPONSES_PATH,
    scope: 'chat',
    kind: 'response',
    find: (tenant, id) => answersOf(tenant, id, new KtpflowError('not_found', 'There is no such response.')),
  });
}

function deliveriesUnder(
  app: Express,
  context: DeliveriesContext,
  { find, kind, path, scope: needed }: ToldSubjects,
): void {
  const { accessLog, authenticator, database } = context;
  const scope = requireScope(authenticator, needed);
  const subjectsOf = async (response: Response, id: string) => [...(await find(callerOf(response).tenant, id))];

  const list: ById = async (request, response) => {
    const { cursor, limit } = parseOwnQuery(pageQuerySchema, request);
    const subjects = await subjectsOf(response, request.params.id);
    const rows = await database.webhookDelivery.findMany({
      where: { subject: { in: subjects }, ...behind(cursor) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    response.json(toPage(rows, limit, (row) => renderDelivery(context, row)));
  };

  /** The same event under the same webhook-id; one that is being delivered goes on as it is. */
  const redeliver: ByDelivery = async (request, response) => {
    const subjects = await subjectsOf(response, request.params.id);
    const { delivery: id } = request.params;
    const known = await database.webhookDelivery.findFirst({ where: { id, subject: { in: subjects } } });
    if (!known) throw new KtpflowError('not_found', 'There is no such delivery.');
    const { subject } = known;
    const caller = callerOf(response);
    const { requestId } = requesterOf(response);
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
