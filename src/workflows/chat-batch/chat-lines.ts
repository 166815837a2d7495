import {
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  condition,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
  startChild,
  TerminatedFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { PASSING_FAULTS } from '../../chat/passing-faults.ts';
import type { StreamEnd } from '../../chat/stream-log.ts';
import type { ChatBatchActivities, ChatBatchInput, EndedLine, PreparedLine } from '../../contract/chat-batch.ts';
import { chatWorkflowId } from '../../contract/chat-workflow.ts';
import { BATCH_PRIORITY } from '../../contract/task-queues.ts';
import { chatCompletionWorkflow } from '../chat-completion.ts';

/** Outcomes stored by one activity, and how long the first of them waits for others. */
const GROUP_SIZE = 8;
const GROUP_WAIT = '2 seconds';
/** Outcomes that may wait to be stored beside the window; more only come together while the database is down. */
const MAX_UNSTORED = 32;
/** Nobody reads a line's answer while it is made; its batch ends it. */
const NO_DISCONNECT_LIMIT_MS = 30 * 24 * 60 * 60 * 1000;
/** Lists that a window of lines is made of, when they end one by one. */
const LISTS_A_WINDOW = 4;
/** A line is tried so often where the fault may be a passing one; the last pause is some minutes. */
const MAX_ATTEMPTS = 5;
const PAUSE_FACTOR = 4;
const FIRST_PAUSE_SECONDS = 2;

/** Histories from before began a line again that an operator had terminated. */
const TERMINATED_IS_OVER = 'terminated-line-is-over';

const { prepareChatLine, prepareChatLines, storeChatLines } = proxyActivities<ChatBatchActivities>({
  startToCloseTimeout: '10 minutes',
  // A database that is down comes back; the lines wait for it.
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/** The sliding window over the lines of a batch. */
export class ChatLines {
  readonly #input: ChatBatchInput;
  #after: number;
  #more = true;
  #running = 0;
  #ends = 0;
  #waiting: EndedLine[] = [];
  #storing = false;
  #taken = 0;
  #stored = 0;
  #fault: { readonly error: unknown } | undefined;

  constructor(input: ChatBatchInput) {
    this.#input = input;
    this.#after = input.after ?? 0;
  }

  /** @returns null when every line has its outcome, else the line to go on behind: the history has become long */
  async runAll(): Promise<number | null> {
    for (;;) {
      // One that came with the last outcome of the window would be lost with continue-as-new.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the batch was cancelled');
      const longHistory = workflowInfo().historyLength >= this.#input.historyLimit;
      if (!longHistory) await this.#fill();
      if (this.#running === 0) {
        if (!this.#more) return null;
        if (longHistory) return this.#after;
      }
      const seen = this.#ends;
      const moreToDo = () => !longHistory && this.#mayList();
      await condition(() => this.#ends !== seen || moreToDo());
      if (this.#fault) throw this.#fault.error;
    }
  }

  /** Resolves when nothing is being answered or stored any more. */
  async settled(): Promise<void> {
    await condition(() => this.#running === 0);
  }

  /** A line that waits to be stored leaves its place to the next one, up to a bound. */
  get #places(): number {
    const { window } = this.#input;
    const answering = this.#running - (this.#taken - this.#stored);
    return Math.min(window - answering, window + MAX_UNSTORED - this.#running);
  }

  /** Some at a time, since listing is an activity; no more than run at once, since what is prepared must not lie about. */
  #mayList(): boolean {
    return this.#more && (this.#places >= Math.ceil(this.#input.window / LISTS_A_WINDOW) || this.#running === 0);
  }

  async #fill(): Promise<void> {
    while (this.#mayList()) for (const line of await this.#list(this.#places)) this.#start(line);
  }

  #start(line: PreparedLine): void {
    this.#running++;
    this.#answer(line)
      // A cancelled line has no outcome; the cancellation itself reaches the loop on its own.
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.#fault ??= { error };
      })
      .finally(() => {
        this.#running--;
        this.#ends++;
      });
  }

  async #list(limit: number): Promise<readonly PreparedLine[]> {
    const { batchId } = this.#input;
    const { lines, last, more } = await prepareChatLines({ batchId, after: this.#after, limit });
    this.#after = last;
    this.#more = more;
    return lines;
  }

  async #answer(first: PreparedLine): Promise<void> {
    let pause = this.#input.firstPauseSeconds ?? FIRST_PAUSE_SECONDS;
    for (let line: PreparedLine | null = first; line; ) {
      const ended = await this.#generate(line);
      if (ended.end.type === 'finish' && ended.end.cancelled) throw new CancelledFailure('the line was cancelled');
      if (ended.terminated || !mayPass(ended.end) || line.attempt >= MAX_ATTEMPTS) {
        await this.#store(ended.line);
        return;
      }
      await sleep(pause * 1000);
      pause *= PAUSE_FACTOR;
      const { batchId } = this.#input;
      line = await prepareChatLine({ batchId, line: line.line, attempt: line.attempt + 1 });
    }
  }

  /** By the very workflow that answers interactive requests. */
  async #generate(prepared: PreparedLine): Promise<{ line: EndedLine; end: StreamEnd; terminated?: boolean }> {
    const { blob, generation, line, sessionHash, taskQueue } = prepared;
    const workflowId = chatWorkflowId(sessionHash);
    const child = await startChild(chatCompletionWorkflow, {
      workflowId,
      args: [
        {
          generationId: generation.id,
          blob,
          model: generation.model,
          taskQueue,
          holder: '',
          disconnectLimitMs: NO_DISCONNECT_LIMIT_MS,
          priorityKey: BATCH_PRIORITY,
          transcript: false,
          sealed: true,
        },
      ],
      memo: { generation },
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    const ended = { line, generation, workflowId, runId: child.firstExecutionRunId };
    try {
      return { line: ended, end: (await child.result()).end };
    } catch (error) {
      if (isCancellation(error)) throw error;
      // Ended from outside: its history says so too.
      const terminated = error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
      return { line: ended, end: ENDED_FROM_OUTSIDE, terminated: terminated && patched(TERMINATED_IS_OVER) };
    }
  }

  /** Resolves when the outcome is in the database; not cancelled by anything. */
  async #store(line: EndedLine): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      const place = ++this.#taken;
      this.#waiting.push(line);
      if (!this.#storing) void this.#storeAll();
      await condition(() => this.#stored >= place || this.#fault !== undefined);
      if (this.#fault) throw this.#fault.error;
    });
  }

  async #storeAll(): Promise<void> {
    this.#storing = true;
    try {
      while (this.#waiting.length > 0) {
        // A group that holds all that runs is full.
        const full = () => this.#waiting.length >= Math.min(GROUP_SIZE, this.#running);
        await condition(full, GROUP_WAIT);
        const lines = this.#waiting.splice(0, GROUP_SIZE);
        await storeChatLines({ batchId: this.#input.batchId, lines });
        this.#stored += lines.length;
      }
    } catch (error) {
      this.#fault ??= { error };
    } finally {
      this.#storing = false;
    }
  }
}

function mayPass(end: StreamEnd): boolean {
  return end.type === 'error' && PASSING_FAULTS.has(end.error.code);
}

const ENDED_FROM_OUTSIDE: StreamEnd = {
  type: 'error',
  error: { code: 'internal', message: 'The answer was cancelled externally.', param: null },
};
