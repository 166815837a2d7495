import type { Express, RequestHandler, Response } from 'express';
import { chatBatchWorkflowId } from '../../contract/chat-batch.ts';
import { KtpflowError } from '../../errors.ts';
import { countChatLines } from '../../storage/chat-batches.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { openAiPageQuery, toOpenAiPage } from '../http/openai-pagination.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { idempotencyHash, idempotencyOf } from '../intake/idempotency.ts';
import { type CreateContext, createChatBatch } from './create.ts';
import { renderChatBatch } from './render.ts';
import { CHAT_BATCHES_PATH, chatBatchListQuerySchema, createChatBatchSchema } from './schemas.ts';
import { isOpen, settleChatBatch } from './settle.ts';

type ChatBatchesContext = CreateContext & Pick<RouteContext, 'accessLog' | 'authenticator'>;

type ById = RequestHandler<{ id: string }>;

const DEADLINE_MS = 5_000;

/** Batches of chat requests as the OpenAI API has them: creating, watching, listing, cancelling. */
export function chatBatches(app: Express, context: ChatBatchesContext): void {
  const { accessLog, authenticator, config, database, keyring, temporal } = context;
  const scope = requireScope(authenticator, 'chat');

  const find = async (response: Response, id: string): Promise<ChatBatch> => {
    const { tenant } = callerOf(response);
    const row = await database.chatBatch.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
    if (!row) throw new KtpflowError('not_found', 'There is no such batch.');
    return row;
  };

  const render = async (rows: readonly ChatBatch[]) => {
    const open = rows.filter(isOpen).map(({ id }) => id);
    const counts = open.length > 0 ? await countChatLines(database, open) : undefined;
    return rows.map((row) => renderChatBatch(context, row, counts?.get(row.id)));
  };
  const send = async (response: Response, row: ChatBatch): Promise<void> => {
    const [batch] = await render([row]);
    response.json(batch);
  };

  const create: RequestHandler = async (request, response) => {
    const body = createChatBatchSchema.parse(request.body);
    const caller = callerOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, CHAT_BATCHES_PATH);
    const idempotency = idempotencyOf(keyring, caller, keyHash, body);
    const { requestId } = requesterOf(response);
    const id = await createChatBatch(context, { caller, requestId, body, idempotency });
    await send(response, await find(response, id));
  };

  const list: RequestHandler = async (request, response) => {
    const page = chatBatchListQuerySchema.parse(request.query);
    const { where, ...query } = openAiPageQuery({ ...page, order: 'desc' });
    const { tenant } = callerOf(response);
    const rows = await database.chatBatch.findMany({
      where: { ...where, tenant, expiresAt: { gt: new Date() } },
      ...query,
    });
    response.json(toOpenAiPage(await render(rows), page.limit));
  };

  const read: ById = async (request, response) => {
    await send(response, await settleChatBatch(context, await find(response, request.params.id)));
  };

  /** Idempotent; what has ended, or is being written to its files, stays as it is. */
  const cancel: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    if (['validating', 'in_progress', 'cancelling'].includes(row.status)) {
      const caller = callerOf(response);
      const { requestId } = requesterOf(response);
      await accessLog.write({ caller, action: 'chat_batch.cancel', subject: row.id, requestId });
      // First: a row that says so while nobody has told the workflow would say so for hours.
      const handle = temporal.workflow.getHandle(chatBatchWorkflowId(row.id));
      await temporal
        .withDeadline(Date.now() + DEADLINE_MS, () => handle.cancel())
        .catch((error: unknown) => {
          if (!isTemporalNotFound(error)) throw error;
        });
      await database.chatBatch.updateMany({
        where: { id: row.id, status: { in: ['validating', 'in_progress'] } },
        data: { status: 'cancelling', cancellingAt: new Date() },
      });
    }
    await send(response, await settleChatBatch(context, await find(response, row.id)));
  };

  const byId = (handler: ById): RequestHandler[] => [scope, handler as RequestHandler];
  route(app, CHAT_BATCHES_PATH, { post: [scope, ...jsonBody(config), create], get: [scope, list] });
  route(app, `${CHAT_BATCHES_PATH}/:id`, { get: byId(read) });
  route(app, `${CHAT_BATCHES_PATH}/:id/cancel`, { post: byId(cancel) });
}
