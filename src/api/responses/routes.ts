import type { Express, RequestHandler } from 'express';
import { z } from 'zod';
import { requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import { cancelAnswer } from '../chat/cancel-answer.ts';
import type { LiveStreams } from '../chat/live-streams.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { forgetDeliveries, sessionAnswers } from '../webhooks/told-answers.ts';
import { type CreateContext, createResponse } from './create-response.ts';
import { inputItemsPage, inputItemsQuerySchema } from './input-items.ts';
import { openAnswer, responseSession, snapshot } from './open-response.ts';
import { findResponse, readConversation, removeResponse } from './stored-response.ts';
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

  const retrieve: RequestHandler<{ id: string }> = async (request, response) => {
    const { starting_after: after, stream } = retrieveQuerySchema.parse(request.query);
    const caller = callerOf(response);
    const stored = await findResponse(context, caller.tenant, request.params.id);
    const requestId = requestState(response).loggedId;
    await accessLog.write({ caller, action: 'chat.read', subject: stored.id, requestId });
    if (stream === 'false') {
      response.json(await snapshot(context, caller.tenant, stored));
      return;
    }
    const answer = await openAnswer(context, streams, caller.tenant, stored);
    try {
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
    const { tenant } = callerOf(response);
    const stored = await findResponse(context, tenant, request.params.id);
    await cancelAnswer(context, streams, responseSession(keyring, tenant, stored.id));
    response.json(await snapshot(context, tenant, stored));
  };

  const remove: RequestHandler<{ id: string }> = async (request, response) => {
    const { tenant } = callerOf(response);
    const stored = await findResponse(context, tenant, request.params.id);
    const sessionHash = responseSession(keyring, tenant, stored.id);
    await cancelAnswer(context, streams, sessionHash);
    await removeResponse(context, stored);
    await forgetDeliveries(context.database, await sessionAnswers(context.database, tenant, sessionHash));
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
    response.json(inputItemsPage(await readConversation(context, stored), stored.id, query));
  };

  const item = `${RESPONSES_PATH}/:id`;
  route(app, RESPONSES_PATH, {
    post: [scope, gateUploads(context, config.MAX_JSON_MB), ...jsonBody(config), createResponse(context, streams)],
  });
  route(app, item, { get: [scope, retrieve as RequestHandler], delete: [scope, remove as RequestHandler] });
  route(app, `${item}/cancel`, { post: [scope, cancel as RequestHandler] });
  route(app, `${item}/input_items`, { get: [scope, inputItems as RequestHandler] });
}
