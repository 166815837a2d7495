import { CancelledFailure, type Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { compareEpochs, type Epoch, StreamLog, type StreamRecord } from '../../chat/stream-log.ts';
import { recordSignal } from '../../contract/chat-workflow.ts';
import { sealRecord } from '../../stream-history/sealed-records.ts';
import { followStream } from '../../stream-history/stream-history.ts';
import { StreamClosedError } from './recorder.ts';

/** A server that is restarted takes longer; the record is then sent again. */
const SEND_DEADLINE_MS = 5_000;

export interface OwnStreamOptions {
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

/** The stream of the workflow that scheduled this activity. */
export class OwnStream {
  readonly #context: Context;
  readonly #run: { workflowId: string; runId: string };
  readonly #options: OwnStreamOptions;
  #dataKey: Promise<Uint8Array> | undefined;

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

  /** Adds a record; resolves when Temporal has it. @throws StreamClosedError when the workflow has ended */
  async send(record: StreamRecord): Promise<void> {
    const { client } = this.#context;
    const handle = client.workflow.getHandle(this.#run.workflowId, this.#run.runId);
    // A fence and an end without pieces hold nothing to seal, and go out without the key too.
    const isSealed = this.#options.sealed && record.pieces.length > 0;
    const sent = isSealed ? sealRecord(await this.#key(), record) : record;
    try {
      await client.withDeadline(Date.now() + SEND_DEADLINE_MS, () => handle.signal(recordSignal, sent));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new StreamClosedError('the workflow has ended');
      throw error;
    }
  }

  /**
   * Reads what stands in the history before our own fence, which the caller has sent: a signal may be acknowledged and
   * come into the history later, and only what stands before the fence counts.
   * @throws CancelledFailure
   */
  async takeOver(epoch: Epoch, signal: AbortSignal): Promise<TakenOver> {
    const { client, info } = this.#context;
    const source = {
      connection: client.connection,
      namespace: info.workflowNamespace ?? client.options.namespace,
      dataConverter: client.options.loadedDataConverter,
    };
    const log = new StreamLog();
    let recorded = 0;
    let fruitless = 0;
    const run = { ...this.#run, dataKey: await this.#key() };
    for await (const batch of followStream(source, run, signal)) {
      for (const record of batch.records) {
        const before = log.pieces.length;
        log.accept(record);
        recorded++;
        fruitless = log.pieces.length > before ? 0 : fruitless + 1;
        if (compareEpochs(record.epoch, epoch) >= 0) return { log, recorded, fruitless };
      }
      if (batch.closed) {
        log.close(batch.closed.end);
        return { log, recorded, fruitless };
      }
    }
    throw new CancelledFailure('the activity was cancelled');
  }
}
