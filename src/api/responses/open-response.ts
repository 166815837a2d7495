import { joinPieces } from '../../chat/piece-text.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { answerMessage, type ChatBodyMessage } from '../../responses/chat-body.ts';
import { wholeResponse } from '../../responses/event-log.ts';
import { openResponse, type ResponseHead } from '../../responses/response-object.ts';
import type { Requester } from '../access/access-log.ts';
import type { Answer } from '../chat/answer.ts';
import type { LiveStreams } from '../chat/live-streams.ts';
import { resumeAnswer } from '../chat/resume-answer.ts';
import { locateAnswer, readRun, type SessionContext } from '../chat/sessions.ts';
import type { RouteContext } from '../context.ts';
import { findResponse, readConversation, type StoreContext, type StoredResponse } from './stored-response.ts';

/** Each response is the only answer of a session of its own. */
export function responseSession(keyring: Keyring, tenant: string, responseId: string): string {
  return keyring.hmac('session', tenant, responseId);
}

/** The messages of a former response and its answer, which is read with that. */
export async function earlierMessages(
  context: SessionContext & StoreContext & Pick<RouteContext, 'accessLog'>,
  streams: LiveStreams,
  reader: Requester,
  previousId: string,
): Promise<ChatBodyMessage[]> {
  const { tenant } = reader.caller;
  const previous = await findResponse(context, tenant, previousId, 'previous_response_id');
  const [{ messages }, answer] = await Promise.all([
    readConversation(context, previous),
    openAnswer(context, streams, tenant, previous),
  ]);
  try {
    if (!answer.view.end) {
      throw new KtpflowError('session_busy', 'The previous response has not ended yet.', {
        param: 'previous_response_id',
      });
    }
    await context.accessLog.writeAll({ ...reader, action: 'chat.read' }, [previous.id, answer.generation.id]);
    const { content, toolCalls } = joinPieces(answer.view.pieces);
    return [...messages, answerMessage(content, toolCalls)];
  } finally {
    answer.leave();
  }
}

/** @throws KtpflowError not_found */
export async function openAnswer(
  context: SessionContext,
  streams: LiveStreams,
  tenant: string,
  { id }: Pick<StoredResponse, 'id'>,
): Promise<Answer> {
  try {
    return (await resumeAnswer(context, streams, responseSession(context.keyring, tenant, id))).answer;
  } catch (error) {
    if (!(error instanceof KtpflowError) || error.code !== 'session_not_found') throw error;
    throw unknownResponse(error);
  }
}

/** The response as it is recorded: a stream that this process has just joined may not have caught up yet. */
export async function snapshot(
  context: SessionContext,
  tenant: string,
  stored: StoredResponse,
): Promise<{ readonly answerId: string; readonly body: object }> {
  const { last } = await locateAnswer(context, responseSession(context.keyring, tenant, stored.id));
  if (last.state === 'none') throw unknownResponse();
  const view = last.state === 'running' ? await readRun(context, last.run) : (await last.open())?.view;
  if (!view) throw unknownResponse();
  const { createdAt, id } = last.generation;
  return { answerId: id, body: currentResponse({ ...stored, createdAt }, { view }) };
}

/** The response as it is now. */
export function currentResponse(head: ResponseHead, { view }: Pick<Answer, 'view'>): object {
  if (!view.end) return openResponse(head, view.pieces.length === 0 ? 'queued' : 'in_progress');
  return wholeResponse(head, view, view.end);
}

function unknownResponse(cause?: unknown): KtpflowError {
  return new KtpflowError('not_found', 'There is no such response.', { cause });
}
