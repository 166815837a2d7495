import { CancelledFailure, type Context } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { isOpening, OpeningRecords } from '../../chat/opening-records.ts';
import { compareEpochs, type Epoch, StreamLog, type StreamRecord } from '../../chat/stream-log.ts';
import { recordSignal, type SealedRecord, STREAM_LOG_WORKFLOW } from '../../contract/chat-workflow.ts';
import { STREAM_LOG_TASK_QUEUE } from '../../contract/task-queues.ts';
import { followHistory, type StreamRun } from '../../stream-history/history-pages.ts';
import { sealRecord } from '../../stream-history/sealed-records.ts';
import { StreamClosedError, sendRecord } from './recorder.ts';

/** A server that is restarted takes longer; the record is then sent again. */
const SEND_DEADLINE_MS = 5_000;
/** Longer than an answer may take (src/workflows/chat-completion.ts). */
const LOG_LIFE = '6 hours';

export interface OwnStreamOptions {
  /** Workflow id of the stream's log; undefined: everything is recorded in the workflow's own history. */
  readonly log: string | undefined;
  /** Whether pieces are sealed. */
  readonly sealed: boolean;
  /** The answer's own key. */
  readonly dataKey: () => Promise<Uint8Array>;
}

/** What a former attempt has left. */
export interface TakenOver {
  readonly log: StreamLog;
  /** Records in the history. */
  readonly recorded: number;
  /** Attempts in a row, this one included, that began and have recorded nothing yet. */
  readonly fruitless: number;
}

/** The stream that this activity writes, by the workflow that scheduled it. */
export class OwnStream {
  readonly #context: Context;
  readonly #run: StreamRun;
  readonly #options: OwnStreamOptions;
  #dataKey: Promise<Uint8Array> | undefined;
  #logStarted = false;

  constructor(context: Context, options: OwnStreamOptions) {
    const execution = context.info.workflowExecution;
    if (!execution) throw new Error('the activity was not scheduled by a workflow');
    this.#context = context;
    this.#run = execution;
    this.#options = options;
  }

  /** Asked for once, unless that failed. */
  #key(): Promise<Uint8Array> {
    this.#dataKey ??= this.#options.dataKey().catch((error: unknown) => {
      this.#dataKey = undefined;
      throw error;
    });
    return this.#dataKey;
  }

  /** Adds a record; resolves when Temporal has it. @throws StreamClosedError when none are taken any more */
  async send(record: StreamRecord): Promise<void> {
    // A fence and an end without pieces hold nothing to seal, and go out without the key too.
    const isSealed = this.#options.sealed && record.pieces.length > 0;
    const sent = isSealed ? sealRecord(await this.#key(), record) : record;
    if (this.#options.log === undefined || isOpening(record)) await this.#signal(this.#run, sent);
    else await this.#append(this.#options.log, sent);
  }

  /**
   * Fences the attempts before this one, which may be frozen and not dead, and reads what stands before the fences: a
   * signal may be acknowledged and come into the history later, and only what stands before them counts.
   * @param abandon ends the trying to send
   * @throws CancelledFailure, StreamClosedError
   */
  async takeOver(epoch: Epoch, { abandon, signal }: { abandon: AbortSignal; signal: AbortSignal }): Promise<TakenOver> {
    const fence: StreamRecord = { epoch, from: 0, pieces: [] };
    const before = new Predecessors(epoch);
    const { log } = this.#options;
    await sendRecord(fence, { send: (record) => this.#signal(this.#run, record), abandon });
    await this.#readUntilFenced(this.#run, before, signal, log === undefined ? undefined : new OpeningRecords());
    if (log === undefined || before.log.end) return before;
    await sendRecord(fence, { send: (record) => this.#append(log, record), abandon });
    await this.#readUntilFenced({ workflowId: log, runId: '' }, before, signal);
    return before;
  }

  async #readUntilFenced(
    run: StreamRun,
    before: Predecessors,
    signal: AbortSignal,
    opening?: OpeningRecords,
  ): Promise<void> {
    const { client, info } = this.#context;
    const source = {
      connection: client.connection,
      namespace: info.workflowNamespace ?? client.options.namespace,
      dataConverter: client.options.loadedDataConverter,
    };
    const keyed = { ...run, dataKey: await this.#key() };
    for await (const { closed, records } of followHistory(source, keyed, signal)) {
      const upToFence = records.slice(0, records.findIndex((record) => before.isFence(record)) + 1);
      const fenced = upToFence.length > 0;
      const read = fenced ? upToFence : records;
      before.accept(opening ? opening.take(read) : read);
      if (fenced) return;
      if (closed) {
        before.log.close(closed.end);
        return;
      }
    }
    throw new CancelledFailure('the activity was cancelled');
  }

  /** Adds to the log, which its first record starts. */
  #append(log: string, record: StreamRecord | SealedRecord): Promise<void> {
    if (this.#logStarted) return this.#signal({ workflowId: log }, record);
    return this.#send(async () => {
      await this.#context.client.workflow.signalWithStart(STREAM_LOG_WORKFLOW, {
        workflowId: log,
        signal: recordSignal,
        signalArgs: [record],
        // Nobody polls its queue, and until the end of its life there is nothing to poll for.
        taskQueue: STREAM_LOG_TASK_QUEUE,
        startDelay: LOG_LIFE,
        workflowExecutionTimeout: LOG_LIFE,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      this.#logStarted = true;
    });
  }

  #signal(
    { runId, workflowId }: { workflowId: string; runId?: string },
    record: StreamRecord | SealedRecord,
  ): Promise<void> {
    return this.#send(() => this.#context.client.workflow.getHandle(workflowId, runId).signal(recordSignal, record));
  }

  async #send(call: () => Promise<void>): Promise<void> {
    try {
      await this.#context.client.withDeadline(Date.now() + SEND_DEADLINE_MS, call);
    } catch (error) {
      const closed = error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError;
      if (closed) throw new StreamClosedError('the stream takes no records any more');
      throw error;
    }
  }
}

/** What the attempts before one have left, as it is read. */
class Predecessors implements TakenOver {
  readonly log = new StreamLog();
  readonly #epoch: Epoch;
  recorded = 0;
  fruitless = 0;

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
  }

  isFence(record: StreamRecord): boolean {
    return compareEpochs(record.epoch, this.#epoch) >= 0;
  }

  accept(records: readonly StreamRecord[]): void {
    for (const record of records) {
      const before = this.log.pieces.length;
      this.log.accept(record);
      this.recorded++;
      this.fruitless = this.log.pieces.length > before ? 0 : this.fruitless + 1;
    }
  }
}
