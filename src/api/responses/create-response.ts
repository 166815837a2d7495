import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { canonicalBody } from '../../chat/canonical-body.ts';
import { asError } from '../../chat/error-object.ts';
import { parseChatRequest } from '../../chat/request.ts';
import { checkOcrRequest, requireModel } from '../../contract/chat-models.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { chatBodyOf, messagesOf } from '../../responses/chat-body.ts';
import { inWordsOfResponses } from '../../responses/name-parameters.ts';
import { parseResponseRequest } from '../../responses/request-schema.ts';
import { type ResponseHead, settingsOf } from '../../responses/response-object.ts';
import type { Answer } from '../chat/answer.ts';
import { receiveAnswerWebhook } from '../chat/answer-webhook.ts';
import { type BeginContext, beginAnswer } from '../chat/begin-answer.ts';
import { inlineFiles } from '../chat/inline-files.ts';
import type { LiveStreams } from '../chat/live-streams.ts';
import { idempotencyKeyOf, isRepeated } from '../chat/request-headers.ts';
import type { RouteContext } from '../context.ts';
import { callerGone } from '../http/caller-gone.ts';
import { requesterOf } from '../http/request-state.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import { inlineReferences } from './inline-references.ts';
import { currentResponse, earlierMessages, responseSession } from './open-response.ts';
import { storeResponse } from './stored-response.ts';
import { streamResponse } from './stream-response.ts';

const DAY_S = 24 * 60 * 60;
/** A background response needs no reader; its workflow has limits of its own. */
const BACKGROUND_LIMIT_S = DAY_S;

/** What creating a response touches. */
export type CreateContext = BeginContext & Pick<RouteContext, 'accessLog' | 'admission'>;

/** POST /v1/responses: starts the answer of a session of its own, and tells it in the words of responses. */
export function createResponse(context: CreateContext, streams: LiveStreams): RequestHandler {
  const { admission, closing, config, keyring } = context;
  const create = async (request: Request, response: Response): Promise<void> => {
    const { caller, requestId } = requesterOf(response);
    const given = await inlineReferences(context, streams, { caller, requestId }, request.body);
    const asked = parseResponseRequest(await inlineFiles(context, 'input', given, { caller, requestId }));
    requireModel(config, asked.model);
    const earlier = asked.previous_response_id
      ? await earlierMessages(context, streams, { caller, requestId }, asked.previous_response_id)
      : [];
    const body = chatBodyOf(asked, earlier);
    const chat = parseChatRequest(body);
    checkOcrRequest(chat);
    const webhook = await receiveAnswerWebhook(context, request.body);
    if (webhook && asked.store === false) {
      throw new KtpflowError('invalid_value', 'A webhook needs store: what it tells of must be found again.', {
        param: 'webhook',
      });
    }
    const { id, idempotencyHash, isNew } = newId(keyring, caller.tenant, idempotencyKeyOf(request));
    const settings = settingsOf(asked);
    const keepSeconds = Math.round(config.RETENTION_DAYS * DAY_S);
    const leave = admission.enter(caller.tenant);
    try {
      if (asked.store !== false) {
        const conversation = {
          input: (given as { input: string | unknown[] }).input,
          messages: [...earlier, ...messagesOf(asked.input)],
        };
        const expiresAt = new Date(Date.now() + keepSeconds * 1000);
        await storeResponse(context, { id, tenant: caller.tenant, settings, conversation, expiresAt });
      }
      const { answer } = await beginAnswer(context, streams, {
        caller,
        requestId,
        body,
        request: chat,
        sessionHash: responseSession(keyring, caller.tenant, id),
        isNewSession: isNew,
        identity: {
          bodyHash: keyring.hmac('response body', caller.tenant, canonicalBody(request.body as object)),
          idempotencyHash,
          repeated: isRepeated(request),
        },
        disconnectLimitSeconds: asked.background
          ? BACKGROUND_LIMIT_S
          : config.CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS,
        ...(asked.store !== false && { keepSeconds }),
        ...(webhook && { webhook: { ...webhook, kind: 'response' as const, name: id } }),
      });
      try {
        const head = { id, settings, createdAt: answer.generation.createdAt };
        if (asked.stream)
          await streamResponse(response, answer, {
            head,
            after: -1,
            closing,
            keepAliveSeconds: config.KEEP_ALIVE_SECONDS,
            onBegun: leave,
          });
        else if (asked.background) response.json(currentResponse(head, answer));
        else await sendWhole(response, answer, { closing, head, onBegun: leave });
      } finally {
        answer.leave();
      }
    } finally {
      leave();
    }
  };
  return async (request, response) => {
    try {
      await create(request, response);
    } catch (error) {
      throw inWordsOfResponses(error);
    }
  };
}

async function sendWhole(
  response: Response,
  answer: Answer,
  { closing, head, onBegun }: { closing: AbortSignal; head: ResponseHead; onBegun: () => void },
): Promise<void> {
  const gone = callerGone(response);
  using scope = new AbortScope([gone, closing]);
  const { signal: interrupted } = scope;
  while (!answer.view.end && !interrupted.aborted) {
    if (answer.view.pieces.length > 0) onBegun();
    await answer.changed(interrupted);
  }
  const { end, pieces } = answer.view;
  if (gone.aborted) return;
  if (!end) throw shuttingDown();
  if (end.type === 'error' && pieces.length === 0) throw asError(end.error);
  response.json(currentResponse(head, answer));
}

/** The same Idempotency-Key names the same response. */
function newId(keyring: Keyring, tenant: string, key: string | null) {
  if (key === null) return { id: `resp_${randomBytes(24).toString('hex')}`, idempotencyHash: null, isNew: true };
  const idempotencyHash = keyring.hmac('response idempotency key', tenant, key);
  return { id: `resp_${idempotencyHash.slice(0, 48)}`, idempotencyHash, isNew: false };
}
