import type { Express, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { requireScope } from '../access/authentication.ts';
import { logAccess } from '../access/log-access.ts';
import { gateUploads } from '../access/upload-gate.ts';
import { cancelAnswer } from '../chat/cancel-answer.ts';
import type { LiveStreams } from '../chat/live-streams.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { forgetDeliveries, sessionAnswers } from '../webhooks/told-answers.ts';
import { type CreateContext, createResponse } from './create-response.ts';
import { inputItemsPage, inputItemsQuerySchema } from './input-items.ts';
import { openAnswer, responseSession, snapshot } from './open-response.ts';
import { findResponse, readConversation, removeResponse, type StoredResponse } from './stored-response.ts';
import { streamResponse } from './stream-response.ts';

export const RESPONSES_PATH = '/v1/responses';

const retrieveQuerySchema = z.object({
  stream: z.enum(['true', 'false']).default('false'),
  starting_after: z
    .string()
    .regex(/^\d{1,9}$/, 'Must be a sequence number.')
    .transform(Number)
    .optional(),
});

type ResponsesContext = CreateContext & Pick<RouteContext, 'authenticator' | 'uploads'>;

/** OpenAI's Responses: an answer of a chat session, told in other words. */
export function responses(app: Express, context: ResponsesContext, streams: LiveStreams): void {
  const { accessLog, authenticator, closing, config, keyring } = context;
  const scope = requireScope(authenticator, 'chat');

  const sendSnapshot = async (response: Response, tenant: string, stored: StoredResponse): Promise<void> => {
    const { answerId, body } = await snapshot(context, tenant, stored);
    await logAccess(context, response, 'chat.read', answerId);
    response.json(body);
  };

  const retrieve: RequestHandler<{ id: string }> = async (request, response) => {
    const { starting_after: after, stream } = retrieveQuerySchema.parse(request.query);
    const { tenant } = callerOf(response);
    const stored = await findResponse(context, tenant, request.params.id);
    if (stream === 'false') {
      await sendSnapshot(response, tenant, stored);
      return;
    }
    const answer = await openAnswer(context, streams, tenant, stored);
    try {
      await logAccess(context, response, 'chat.read', answer.generation.id);
      const head = { ...stored, createdAt: answer.generation.createdAt };
      await streamResponse(response, answer, {
        head,
        after: after ?? -1,
        closing,
        keepAliveSeconds: config.KEEP_ALIVE_SECONDS,
        onBegun: () => undefined,
      });
    } finally {
      answer.leave();
    }
  };

  const cancel: RequestHandler<{ id: string }> = async (request, response) => {
    const by = requesterOf(response);
    const { tenant } = by.caller;
    const stored = await findResponse(context, tenant, request.params.id);
    await cancelAnswer(context, streams, responseSession(keyring, tenant, stored.id), by);
    await sendSnapshot(response, tenant, stored);
  };

  const remove: RequestHandler<{ id: string }> = async (request, response) => {
    const by = requesterOf(response);
    const { tenant } = by.caller;
    const stored = await findResponse(context, tenant, request.params.id);
    const sessionHash = responseSession(keyring, tenant, stored.id);
    const answers = await sessionAnswers(context.database, tenant, sessionHash);
    // Of the answer too: it is what a data subject's records name.
    await accessLog.writeAll({ ...by, action: 'chat.delete' }, [stored.id, ...answers]);
    await cancelAnswer(context, streams, sessionHash, by);
    await removeResponse(context, stored);
    await forgetDeliveries(context.database, answers);
    // The sweep takes what has expired, its history too.
    await context.database.chatGeneration.updateMany({
      where: { sessionHash },
      data: { expiresAt: new Date(), keepSeconds: 0, sealedTranscript: null },
    });
    response.json({ id: stored.id, object: 'response', deleted: true });
  };

  const inputItems: RequestHandler<{ id: string }> = async (request, response) => {
    const query = inputItemsQuerySchema.parse(request.query);
    const stored = await findResponse(context, callerOf(response).tenant, request.params.id);
    const page = inputItemsPage(await readConversation(context, stored), stored.id, query);
    await logAccess(context, response, 'chat.read', stored.id);
    response.json(page);
  };

  const item = `${RESPONSES_PATH}/:id`;
  route(app, RESPONSES_PATH, {
    post: [scope, gateUploads(context, config.MAX_JSON_MB), ...jsonBody(config), createResponse(context, streams)],
  });
  route(app, item, { get: [scope, retrieve as RequestHandler], delete: [scope, remove as RequestHandler] });
  route(app, `${item}/cancel`, { post: [scope, cancel as RequestHandler] });
  route(app, `${item}/input_items`, { get: [scope, inputItems as RequestHandler] });
}
