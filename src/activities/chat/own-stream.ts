import { CancelledFailure, type Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { compareEpochs, type Epoch, StreamLog, type StreamRecord } from '../../chat/stream-log.ts';
import { recordSignal } from '../../contract/chat-workflow.ts';
import { followStream, type StreamRun } from '../../stream-history/stream-history.ts';
import { StreamClosedError } from './recorder.ts';

/** A server that is restarted takes longer; the record is then sent again. */
const SEND_DEADLINE_MS = 5_000;

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
  readonly #log: { readonly workflowId: string; readonly runId?: string };

  /** @param log workflow id of the stream's log; undefined: the workflow's own history */
  constructor(context: Context, log: string | undefined) {
    const execution = context.info.workflowExecution;
    if (!execution) throw new Error('the activity was not scheduled by a workflow');
    this.#context = context;
    this.#run = execution;
    this.#log = log === undefined ? execution : { workflowId: log };
  }

  /** Adds a record; resolves when Temporal has it. @throws StreamClosedError when the log takes no records any more */
  async send(record: StreamRecord): Promise<void> {
    const { client } = this.#context;
    const handle = client.workflow.getHandle(this.#log.workflowId, this.#log.runId);
    try {
      await client.withDeadline(Date.now() + SEND_DEADLINE_MS, () => handle.signal(recordSignal, record));
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
    for await (const batch of followStream(source, this.#run, signal)) {
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
