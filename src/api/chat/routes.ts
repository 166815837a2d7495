import type { Express, RequestHandler } from 'express';
import { invalidEventId } from '../../chat/event-id.ts';
import { SESSION_ID } from '../../chat/request.ts';
import { modelNames } from '../../contract/chat-models.ts';
import { KtpflowError } from '../../errors.ts';
import { requireKey, requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { toOpenAiPage } from '../http/openai-pagination.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { cancelAnswer } from './cancel-answer.ts';
import { type CompletionContext, createCompletion, setSessionHeaders } from './create-completion.ts';
import type { LiveStreams } from './live-streams.ts';
import { modelListQuerySchema } from './model-list-query.ts';
import { noteSeed } from './note-seed.ts';
import { isEventSource, lastEventIdOf, startingAfterOf } from './request-headers.ts';
import { firstIndexToSend, resumeAnswer } from './resume-answer.ts';
import { streamAnswer } from './stream-answer.ts';

export const COMPLETIONS_PATH = '/v1/chat/completions';

/** A model of ours has no date of making that would mean anything; clients want a number. */
const MODEL_CREATED = 1_795_392_000;

type ChatContext = CompletionContext & Pick<RouteContext, 'authenticator' | 'uploads'>;

/** Chat completions, the streams of their sessions, cancellation, models. */
export function chat(app: Express, context: ChatContext, streams: LiveStreams): void {
  const { accessLog, authenticator, closing, config, keyring } = context;
  const scope = requireScope(authenticator, 'chat');

  const resume: RequestHandler<{ session: string }> = async (request, response) => {
    const sessionId = request.params.session;
    if (!SESSION_ID.test(sessionId)) throw new KtpflowError('session_not_found', 'The session is unknown.');
    const caller = callerOf(response);
    const seen = lastEventIdOf(request);
    if (seen && seen.sessionId !== sessionId) throw invalidEventId();
    const after = seen?.index ?? startingAfterOf(request);
    const begun = await resumeAnswer(context, streams, keyring.hmac('session', caller.tenant, sessionId));
    const { answer } = begun;
    try {
      const from = firstIndexToSend(begun, after);
      const { requestId } = requesterOf(response);
      await accessLog.write({ caller, action: 'chat.read', subject: answer.generation.id, requestId });
      setSessionHeaders(response, begun, sessionId);
      const includeUsage = answer.generation.usageEvent;
      const keepAliveSeconds = config.KEEP_ALIVE_SECONDS;
      await streamAnswer(response, answer, {
        sessionId,
        from,
        includeUsage,
        keepAliveSeconds,
        closing,
        onBegun: () => {},
        reconnects: isEventSource(request),
      });
    } finally {
      answer.leave();
    }
  };

  const cancel: RequestHandler<{ session: string }> = async (request, response) => {
    const sessionId = request.params.session;
    const by = requesterOf(response);
    const status = await cancelAnswer(context, streams, keyring.hmac('session', by.caller.tenant, sessionId), by);
    response.json({ ok: true, session_id: sessionId, status });
  };

  route(app, COMPLETIONS_PATH, {
    post: [
      scope,
      gateUploads(context, config.MAX_JSON_MB),
      ...jsonBody(config, noteSeed),
      createCompletion(context, streams),
    ],
  });
  route(app, `${COMPLETIONS_PATH}/:session/stream`, { get: [scope, resume as RequestHandler] });
  route(app, '/v1/cancel/:session', { post: [scope, cancel as RequestHandler] });
  models(app, context);
}

function models(app: Express, { authenticator, config }: Pick<RouteContext, 'authenticator' | 'config'>): void {
  const key = requireKey(authenticator);
  const names = modelNames(config);
  const describe = (id: string) => ({ id, object: 'model', created: MODEL_CREATED, owned_by: 'ktpflow' });
  const list: RequestHandler = (request, response) => {
    const { after, limit } = modelListQuerySchema.parse(request.query);
    const rest = after === undefined ? names : names.slice(names.indexOf(after) + 1);
    response.json(toOpenAiPage(rest.map(describe), limit));
  };
  route(app, '/v1/models', { get: [key, list] });

  const find: RequestHandler<{ id: string[] }> = (request, response) => {
    // A name may have slashes, escaped or not.
    const id = request.params.id.join('/');
    if (!names.includes(id)) throw new KtpflowError('model_not_found', 'There is no model of that name.');
    response.json(describe(id));
  };
  route(app, '/v1/models/*id', { get: [key, find as unknown as RequestHandler] });
}
