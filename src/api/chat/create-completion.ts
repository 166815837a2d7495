import { randomBytes } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { canonicalBody } from '../../chat/canonical-body.ts';
import { invalidEventId } from '../../chat/event-id.ts';
import { type ChatRequest, parseChatRequest } from '../../chat/request.ts';
import { seedBeyond64Bits } from '../../chat/seed-range.ts';
import { checkOcrRequest, requireModel } from '../../contract/chat-models.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { requesterOf } from '../http/request-state.ts';
import { receiveAnswerWebhook } from './answer-webhook.ts';
import { type BeginContext, type BegunAnswer, beginAnswer } from './begin-answer.ts';
import { inlineFiles } from './inline-files.ts';
import type { LiveStreams } from './live-streams.ts';
import { hasSeedBeyond64Bits } from './note-seed.ts';
import { idempotencyKeyOf, isRepeated, lastEventIdOf } from './request-headers.ts';
import { firstIndexToSend, resumeAnswer } from './resume-answer.ts';
import { streamAnswer } from './stream-answer.ts';
import { sendWholeAnswer } from './whole-answer.ts';

/** What a chat completion touches. */
export type CompletionContext = BeginContext & Pick<RouteContext, 'accessLog' | 'admission'>;

/** POST /v1/chat/completions: starts an answer, or shows the one that this request has already. */
export function createCompletion(context: CompletionContext, streams: LiveStreams): RequestHandler {
  const { accessLog, admission, closing, config, keyring } = context;

  return async (request, response) => {
    const { caller, requestId } = requesterOf(response);
    const body: unknown = request.body;
    const whole = await inlineFiles(context, 'messages', body, { caller, requestId });
    const chat = parseChatRequest(whole);
    if (hasSeedBeyond64Bits(request)) throw seedBeyond64Bits();
    requireModel(config, chat.model);
    checkOcrRequest(chat);
    const seen = lastEventIdOf(request);
    if (seen && chat.session_id !== undefined && chat.session_id !== seen.sessionId) throw invalidEventId();
    const webhook = await receiveAnswerWebhook(context, body);
    const session = sessionOf(chat, seen?.sessionId, idempotencyKeyOf(request), caller);
    const sessionHash = keyring.hmac('session', caller.tenant, session.id);

    const leave = admission.enter(caller.tenant);
    try {
      let begun: BegunAnswer;
      if (seen) {
        begun = await resumeAnswer(context, streams, sessionHash);
        // A client that keeps the header of an older stream asks something new: it must not get the old answer.
        if (!isSameRequest(caller, body as object, seen.sessionId, begun.answer.generation.bodyHash)) {
          begun.answer.leave();
          throw invalidEventId();
        }
        const subject = begun.answer.generation.id;
        await accessLog.write({ caller, action: 'chat.read', subject, requestId });
      } else {
        begun = await beginAnswer(context, streams, {
          caller,
          requestId,
          body: withoutWebhook(whole as object),
          request: chat,
          sessionHash,
          isNewSession: session.isNew,
          identity: {
            bodyHash: hashOf(caller, body as object),
            idempotencyHash: session.idempotencyHash,
            repeated: isRepeated(request),
          },
          disconnectLimitSeconds: session.isNamed
            ? config.CANCEL_AFTER_DISCONNECT_SECONDS
            : config.CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS,
          ...(webhook && { webhook: { ...webhook, kind: 'chat' as const, name: session.id } }),
        });
      }
      try {
        await send(response, chat, begun, { sessionId: session.id, seen: seen?.index ?? null, onBegun: leave });
      } finally {
        begun.answer.leave();
      }
    } finally {
      leave();
    }
  };

  function send(
    response: Response,
    chat: ChatRequest,
    begun: BegunAnswer,
    { onBegun, seen, sessionId }: { onBegun: () => void; seen: number | null; sessionId: string },
  ): Promise<void> {
    setSessionHeaders(response, begun, sessionId);
    const { answer } = begun;
    if (!chat.stream) return sendWholeAnswer(response, answer, { sessionId, closing, onBegun });
    const includeUsage = chat.stream_options?.include_usage === true;
    const from = firstIndexToSend(begun, seen);
    const keepAliveSeconds = config.KEEP_ALIVE_SECONDS;
    return streamAnswer(response, answer, { sessionId, from, includeUsage, keepAliveSeconds, closing, onBegun });
  }

  function hashOf({ tenant }: Caller, body: object): string {
    return keyring.hmac('chat body', tenant, canonicalBody(body));
  }

  /** Whether this body began that answer; who resumes may have learnt the session's id from it. */
  function isSameRequest(caller: Caller, body: object, sessionId: string, bodyHash: string): boolean {
    const { session_id: _, ...nameless } = body as Record<string, unknown>;
    return [body, nameless, { ...nameless, session_id: sessionId }].some((each) => hashOf(caller, each) === bodyHash);
  }

  /** The session is the caller's, the one of the event, the one that belongs to the idempotency key, or a new one. */
  function sessionOf(chat: ChatRequest, seen: string | undefined, key: string | null, { tenant }: Caller) {
    const idempotencyHash = key === null ? null : keyring.hmac('idempotency key', tenant, key);
    const named = chat.session_id ?? seen;
    if (named !== undefined)
      return { id: named, isNamed: chat.session_id !== undefined, isNew: false, idempotencyHash };
    const id =
      idempotencyHash === null ? `sess_${randomBytes(12).toString('hex')}` : `idem_${idempotencyHash.slice(0, 24)}`;
    return { id, isNamed: false, isNew: idempotencyHash === null, idempotencyHash };
  }
}

/** Where the answer is told of is no business of whoever makes it. */
function withoutWebhook(body: object): object {
  const { webhook: _, ...asked } = body as Record<string, unknown>;
  return asked;
}

/** X-Session-Id, and on replays until when the session can be replayed. */
export function setSessionHeaders(response: Response, { answer, replayed }: BegunAnswer, sessionId: string): void {
  response.setHeader('x-session-id', sessionId);
  const { expiresAt } = answer;
  if (replayed && expiresAt) response.setHeader('x-session-expires', String(Math.floor(expiresAt.getTime() / 1000)));
}
