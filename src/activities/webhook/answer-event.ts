import { completionObject } from '../../chat/completion.ts';
import { completionHead } from '../../chat/generation.ts';
import type { WebhookInput } from '../../contract/webhook.ts';
import { KtpflowError } from '../../errors.ts';
import { wholeResponse } from '../../responses/event-log.ts';
import { endStatus } from '../../responses/response-object.ts';
import { findToldAnswer, readTranscript } from '../../storage/chat-sessions.ts';
import { openResponseSettings } from '../../storage/response-settings.ts';
import type { Told, WebhookBody } from '../../storage/webhook-deliveries.ts';
import type { WebhookDependencies } from './dependencies.ts';

/** Longer than a delivery is tried: an answer may be kept for a shorter time, or not at all. */
const TRIED_FOR_MS = 2 * 24 * 60 * 60 * 1000;

type AnswerKind = Extract<WebhookInput['kind'], 'chat' | 'response'>;

/** What is told of an ended answer of a chat or response; null: nothing, or it is gone. */
export async function tellAnswer(
  { database, keyring }: WebhookDependencies,
  kind: AnswerKind,
  generationId: string,
): Promise<Told | null> {
  const answer = await findToldAnswer(database, keyring, generationId);
  if (!answer) return null;
  const { ended, generation, tenant, webhook } = answer;
  if (!ended) throw new KtpflowError('internal', 'There is no outcome to tell of yet.', { retryable: true });
  // Absent where sessions are not kept.
  const end = (await readTranscript(database, keyring, generationId))?.end;
  const error = end?.type === 'error' ? { error: { code: end.error.code } } : {};
  const timestamp = ended.finishedAt.toISOString();
  const { object, id } = completionHead(generation, 'chat.completion');
  const body: WebhookBody =
    kind === 'chat'
      ? {
          type: 'chat.finished',
          timestamp,
          data: { id, object, status: ended.outcome, session_id: webhook.name, ...error },
        }
      : {
          type: 'response.finished',
          timestamp,
          data: { id: webhook.name, object: 'response', status: end ? endStatus(end) : ended.outcome, ...error },
        };
  const expiresAt = new Date(Math.max(ended.expiresAt.getTime(), Date.now() + TRIED_FOR_MS));
  return { tenant, target: webhook, body, expiresAt };
}

/** The completion or response itself, for those who have asked for it; null where it is not kept, or has failed. */
export async function answerResult(
  { database, keyring }: WebhookDependencies,
  generationId: string,
  object: string,
): Promise<object | null> {
  const answer = await findToldAnswer(database, keyring, generationId);
  if (!answer) return null;
  const view = await readTranscript(database, keyring, generationId);
  if (!view?.end) return null;
  const { generation, webhook } = answer;
  if (object !== 'response') {
    return view.end.type === 'finish' ? completionObject(generation, view, view.end, webhook.name) : null;
  }
  const row = await database.storedResponse.findUnique({ where: { id: webhook.name } });
  if (!row) return null;
  const settings = openResponseSettings(keyring, row);
  return wholeResponse({ id: row.id, createdAt: generation.createdAt, settings }, view, view.end);
}
