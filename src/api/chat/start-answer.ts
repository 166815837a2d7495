import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Generation } from '../../chat/generation.ts';
import type { ChatRequest } from '../../chat/request.ts';
import { taskQueueOf } from '../../contract/chat-models.ts';
import { streamLogWorkflowId } from '../../contract/chat-workflow.ts';
import { GENERATION_TASK_QUEUE } from '../../contract/task-queues.ts';
import { generationRow, insertGeneration, removeGeneration } from '../../storage/chat-sessions.ts';
import type { StreamRun } from '../../stream-history/stream-history.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { UnknownStartError } from '../intake/start-workflow.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import type { Answer } from './answer.ts';
import { sealAnswerWebhook, type ToldAnswer } from './answer-webhook.ts';
import type { LiveStreams } from './live-streams.ts';
import { resolveUnknownStart } from './resolve-unknown-start.ts';
import { startRun } from './runs.ts';

export interface StartOptions {
  readonly caller: Caller;
  readonly requestId: string;
  /** As it came. */
  readonly body: object;
  readonly request: ChatRequest;
  readonly identity: { readonly bodyHash: string; readonly idempotencyHash: string | null };
  readonly sessionHash: string;
  /** The id was made for this request: nobody can know the session yet. */
  readonly isNewSession: boolean;
  readonly disconnectLimitSeconds: number;
  /** How long its transcript is kept; unset: SESSIONS_TTL_SECONDS. */
  readonly keepSeconds?: number;
  /** Unset: nobody is told of its end. */
  readonly webhook?: ToldAnswer;
}

/** What starting an answer touches. */
export type StartContext = Pick<
  RouteContext,
  'blobs' | 'closing' | 'database' | 'keyring' | 'logger' | 'metrics' | 'temporal' | 'workerClient'
>;

/**
 * Starts an answer: the request as an encrypted blob, the row, then the workflow, and joins its stream.
 * @returns null where another request was quicker
 * @throws UnknownStartError: the row stays for now; errors of the database and of the Temporal client
 */
export async function startAnswer(
  context: StartContext,
  streams: LiveStreams,
  options: StartOptions,
  { firstIndex, ordinal }: { firstIndex: number; ordinal: number },
): Promise<Answer | null> {
  const { blobs, database, keyring } = context;
  const { body, caller, disconnectLimitSeconds, identity, isNewSession, requestId, request, sessionHash, webhook } =
    options;
  const generation: Generation = {
    id: `gen_${randomBytes(16).toString('hex')}`,
    ordinal,
    firstIndex,
    usageEvent: request.stream_options?.include_usage === true,
    model: request.model,
    createdAt: Date.now(),
    bodyHash: identity.bodyHash,
    idempotencyHash: identity.idempotencyHash,
  };
  const key = keyring.createDataKey();
  const { blob } = await blobs.write(Readable.from([Buffer.from(JSON.stringify(body))]), key);
  const { tenant } = caller;
  const row = generationRow({
    generation,
    tenant,
    sessionHash,
    wrappedKey: key.wrappedKey,
    blob,
    keepSeconds: options.keepSeconds ?? null,
    ...(webhook && { sealedWebhook: sealAnswerWebhook(key.dataKey, generation.id, webhook) }),
  });
  const access = accessLogRow({ caller, action: 'chat.create', subject: generation.id, requestId });
  const discard = async () => {
    await removeGeneration(database, generation.id);
    await blobs.delete(blob);
  };
  const discardOrWarn = () =>
    discard().catch((fault: unknown) => context.logger.warn('chat.discard.failed', { error: fault }));
  try {
    if (!(await insertGeneration(database, row, access))) {
      await discardOrWarn();
      return null;
    }
  } catch (error) {
    await discardOrWarn();
    throw error;
  }
  const taskQueue = taskQueueOf(request.model);
  let run: StreamRun | null;
  try {
    run = await startRun(context, {
      tenant,
      sessionHash,
      generation,
      input: {
        generationId: generation.id,
        blob,
        model: request.model,
        taskQueue,
        ...(needsLog(taskQueue) && { log: streamLogWorkflowId(generation.id) }),
        holder: streams.holder,
        disconnectLimitMs: disconnectLimitSeconds * 1000,
        sealed: true,
        ...(webhook && { webhook: webhookInput(keyring, webhook.kind, generation.id, 1) }),
      },
    });
  } catch (error) {
    if (!(error instanceof UnknownStartError)) await discardOrWarn();
    else void resolveUnknownStart(context, { id: generation.id, blob, isNewSession, sessionHash });
    throw error;
  }
  if (!run) {
    await discard();
    return null;
  }
  context.metrics.generationStarted();
  return streams.join(generation, { ...run, dataKey: key.dataKey }, true);
}

/** What `ktp-ocr` says is a handful of pieces: it is recorded in its run's own history. */
function needsLog(taskQueue: string): boolean {
  return taskQueue === GENERATION_TASK_QUEUE;
}
