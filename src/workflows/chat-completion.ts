import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { ReaderLeases } from '../chat/leases.ts';
import { estimatedUsage } from '../chat/piece.ts';
import { type Epoch, type StreamEnd, StreamLog, type StreamRecord } from '../chat/stream-log.ts';
import type { GenerationActivities, TranscriptActivities } from '../contract/chat-activities.ts';
import {
  type ChatCompletionInput,
  type ChatCompletionOutput,
  chatStateQuery,
  LEASE_RENEWAL_MS,
  leaseSignal,
  recordSignal,
  type SealedRecord,
  type StoreTranscriptInput,
  transcriptWorkflowId,
} from '../contract/chat-workflow.ts';
import { INTERACTIVE_PRIORITY } from '../contract/task-queues.ts';
import { isErrorCode } from '../errors.ts';
import { startWebhook } from './webhook.ts';

function generationAt(taskQueue: string, priorityKey: number): GenerationActivities {
  return proxyActivities<GenerationActivities>({
    taskQueue,
    startToCloseTimeout: '2 hours',
    scheduleToCloseTimeout: '4 hours',
    // A killed or frozen process is noticed within this; generateAnswer's worker sends two beats a second.
    heartbeatTimeout: '2 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // The activity itself gives up before (generate-answer.ts); this is for a process that is frozen for long.
    retry: { initialInterval: '50 milliseconds', maximumInterval: '5 seconds', maximumAttempts: 200 },
    priority: { priorityKey },
  });
}

const { storeTranscript } = proxyActivities<TranscriptActivities>({
  startToCloseTimeout: '1 minute',
  // A database that is down comes back; a transcript waits for it.
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/** Of whoever ends a stream in its writer's place: higher than any attempt of the one activity. */
const ENDING_EPOCH: Epoch = [2, 1];

/**
 * One answer of a chat session. The activity records pieces by signal, in the history of the stream's log or, where
 * there is none (lines of batches, short answers, runs of older versions), in this one; readers follow both. Where the
 * writer is gone, this code ends the stream.
 */
export async function chatCompletionWorkflow(input: ChatCompletionInput): Promise<ChatCompletionOutput> {
  const log = new StreamLog();
  const leases = new ReaderLeases({
    renewalMs: LEASE_RENEWAL_MS,
    limitMs: input.disconnectLimitMs,
    now: Date.now(),
  });
  leases.renew(input.holder, Date.now());
  setHandler(recordSignal, (record) => log.accept('sealed' in record ? countOnly(record) : record));
  setHandler(chatStateQuery, () => ({ pieces: log.pieces.length, log: input.log ?? null, end: log.end }));
  setHandler(leaseSignal, ({ holder, held }) => {
    if (held) leases.renew(holder, Date.now());
    else leases.leave(holder, Date.now());
  });

  const output = await generate(input, log, leases);
  if (input.transcript !== false) await CancellationScope.nonCancellable(() => storeApart(input));
  return output;
}

/** Runs the activity until an end is recorded, by it or, where it cannot, by us. */
async function generate(
  input: ChatCompletionInput,
  log: StreamLog,
  leases: ReaderLeases,
): Promise<ChatCompletionOutput> {
  const { blob, log: apart, model, priorityKey = INTERACTIVE_PRIORITY, sealed, taskQueue } = input;
  const asked = { blob, model, sequence: 1, ...(sealed && { sealed }), ...(apart && { log: apart }) };
  const scope = new CancellationScope();
  const generation = scope
    .run(() => generationAt(taskQueue, priorityKey).generateAnswer(asked))
    .then((end) => ({ end: end ?? UNRECORDED_END }))
    .catch(async (error: unknown) => {
      // With a dead worker a cancellation arrives as the activity's time-out: what was asked for decides.
      const end = scope.consideredCancelled ? cancelledEnd(apart ? null : log) : failureEnd(error);
      if (!apart) return { end };
      return { end, withoutLog: !(await CancellationScope.nonCancellable(() => fence(apart))) };
    });
  const recorded = CancellationScope.nonCancellable(() => condition(() => log.end !== null));
  const readersGone = CancellationScope.nonCancellable(() => nobodyReads(leases)).then(() => scope.cancel());
  readersGone.catch(() => {});
  const given = await Promise.race([generation, recorded]);
  return log.end ? { end: log.end } : (given ?? { end: UNRECORDED_END });
}

/**
 * Whatever a frozen writer records from here on counts for nothing: the end that this run gives stays the end.
 * @returns whether there is a log
 */
async function fence(log: string): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(log).signal(recordSignal, { epoch: ENDING_EPOCH, from: 0, pieces: [] });
    return true;
  } catch {
    return false;
  }
}

async function nobodyReads(leases: ReaderLeases): Promise<void> {
  for (let wait = leases.deadline - Date.now(); wait > 0; wait = leases.deadline - Date.now()) {
    const { departures } = leases;
    await condition(() => leases.departures !== departures, wait);
  }
}

/** In a workflow of its own: the session is free for its next answer, however long the database may be away. */
async function storeApart({ generationId, webhook }: ChatCompletionInput): Promise<void> {
  const { workflowId, runId } = workflowInfo();
  const input: StoreTranscriptInput = { generationId, workflowId, runId, ...(webhook && { webhook }) };
  await startChild(storeTranscriptWorkflow, {
    workflowId: transcriptWorkflowId(generationId),
    args: [input],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowTaskTimeout: '2 seconds',
  });
}

/** Keeps an ended stream in the database, from where it is replayed without Temporal, and tells of it where asked to. */
export async function storeTranscriptWorkflow(input: StoreTranscriptInput): Promise<void> {
  await storeTranscript(input);
  await startWebhook(input.webhook);
}

/** What is sealed is counted here, and read by those who have the key. */
function countOnly({ count, end, epoch, from }: SealedRecord): StreamRecord {
  return { epoch, from, pieces: Array.from({ length: count }, () => ({})), ...(end && { end }) };
}

/**
 * The writer is gone and with it the tokenizer: usage is what the recorded pieces tell, or is left to whoever reads
 * the log.
 */
function cancelledEnd(log: StreamLog | null): StreamEnd {
  return { type: 'finish', reason: 'length', usage: log && estimatedUsage(log.pieces.length), cancelled: true };
}

const UNRECORDED_END: StreamEnd = {
  type: 'error',
  error: { code: 'internal', message: 'The answer ended without a result.', param: null },
};

function failureEnd(error: unknown): StreamEnd {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type && isErrorCode(cause.type)) {
    return { type: 'error', error: { code: cause.type, message: cause.message, param: null } };
  }
  const message = 'The inference process failed, and no other one could go on with the answer.';
  return { type: 'error', error: { code: 'upstream_failed', message, param: null } };
}
