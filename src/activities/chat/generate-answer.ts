import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { AbortScope } from '../../abort-scope.ts';
import { PASSING_FAULTS } from '../../chat/passing-faults.ts';
import type { Piece } from '../../chat/piece.ts';
import { parseChatRequest } from '../../chat/request.ts';
import { StreamDivergedError } from '../../chat/skip-recorded.ts';
import type { Epoch, StreamEnd } from '../../chat/stream-log.ts';
import type { Config } from '../../config.ts';
import type { GenerateAnswerInput, GenerationActivities } from '../../contract/chat-activities.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { type PreparedGeneration, prepareGeneration } from '../../inference/chat/prepare-generation.ts';
import type { Engine } from '../../inference/engine.ts';
import { BrokenAnswer, EngineFault } from '../../inference/engine-fault.ts';
import type { Logger } from '../../observability/logger.ts';
import { type BlobStore, readBlob } from '../../storage/blobs.ts';
import { OwnStream, type TakenOver } from './own-stream.ts';
import { StreamClosedError, StreamRecorder } from './recorder.ts';
import { estimateUsage } from './usage.ts';
import { continueAnswer } from './write-answer.ts';

export interface GenerateAnswerDependencies {
  readonly config: Config;
  readonly engines: { forModel(model: string): Engine | undefined };
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly logger: Logger;
}

/**
 * A heartbeat says that the process lives, whatever it waits for; the time-out is 2 s. None at the very start, where each
 * write of Temporal's stands between ten callers and their first tokens.
 */
const HEARTBEAT_MS = 250;
/** How long a cancelled activity tries to record what it has. */
const SHUTDOWN_GRACE_MS = 1500;
/**
 * Attempts in a row without a new piece: a request that kills its process each time must come to an end, and so must
 * the wait for an engine that does not come back (about a minute). Counted by their fences, not by Temporal's attempts:
 * a frozen process is handed retries that it never begins.
 */
const MAX_FRUITLESS_AT_START = 5;
const MAX_FRUITLESS = 15;
/** … where the engine is there, and itself says that it failed: that seldom gets better. */
const MAX_FRUITLESS_FAULTS = 2;
/** … where each answer breaks off: the engine may die of this very request. */
const MAX_FRUITLESS_BREAKS = 5;

/**
 * Generates an answer and records it while it comes: its first record in the workflow's history, what follows in that of
 * its log. A retry fences its predecessors, reads what they have recorded and goes on from there.
 */
export function createGenerateAnswer(dependencies: GenerateAnswerDependencies): GenerationActivities['generateAnswer'] {
  return async (input) => {
    const context = Context.current();
    const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    const abandon = new AbortController();
    let shutdownGrace: NodeJS.Timeout | undefined;
    context.cancellationSignal.addEventListener('abort', () => {
      shutdownGrace = setTimeout(() => abandon.abort(), SHUTDOWN_GRACE_MS);
    });
    try {
      return await new Generation(dependencies, input, context, abandon.signal).run();
    } finally {
      clearInterval(heartbeat);
      clearTimeout(shutdownGrace);
    }
  };
}

/** One attempt. */
class Generation {
  readonly #dependencies: GenerateAnswerDependencies;
  readonly #input: GenerateAnswerInput;
  readonly #context: Context;
  readonly #abandon: AbortSignal;
  readonly #closed = new AbortController();
  /** Everything that has been or is being recorded. */
  readonly #pieces: Piece[] = [];
  #piecesBefore = 0;
  #fruitlessBefore = 0;
  #engine: Engine | undefined;
  #request: PreparedGeneration | undefined;

  constructor(
    dependencies: GenerateAnswerDependencies,
    input: GenerateAnswerInput,
    context: Context,
    abandon: AbortSignal,
  ) {
    this.#dependencies = dependencies;
    this.#input = input;
    this.#context = context;
    this.#abandon = abandon;
  }

  /** @returns the recorded end */
  async run(): Promise<StreamEnd | undefined> {
    try {
      return await this.#attempt();
    } catch (error) {
      // Nobody is left to generate for.
      if (error instanceof StreamClosedError) return undefined;
      throw error;
    }
  }

  async #attempt(): Promise<StreamEnd | undefined> {
    const { blobs, keyring } = this.#dependencies;
    const { blob, log, sealed = false } = this.#input;
    const stream = new OwnStream(this.#context, {
      log,
      sealed,
      // The answer's key lies in the header of its request: this process needs no database.
      dataKey: async () => keyring.unwrapDataKey(await blobs.wrappedKey(blob)),
    });
    const epoch: Epoch = [this.#input.sequence, this.#context.info.attempt];
    const before = await this.#takeOver(stream, epoch);
    if (before?.log.end) return before.log.end;
    for (const piece of before?.log.pieces ?? []) this.#pieces.push(piece);
    this.#piecesBefore = this.#pieces.length;
    this.#fruitlessBefore = before?.fruitless ?? 0;
    const recorder = new StreamRecorder({
      epoch,
      from: this.#pieces.length,
      recorded: before?.recorded ?? 0,
      send: (record) => stream.send(record),
      onClosed: () => this.#closed.abort(),
      abandon: this.#abandon,
    });
    if (before && before.fruitless > (this.#pieces.length === 0 ? MAX_FRUITLESS_AT_START : MAX_FRUITLESS)) {
      const message = 'The engine or its process failed at this answer again and again.';
      return finish(recorder, { type: 'error', error: { code: 'upstream_failed', message, param: null } });
    }
    try {
      return await this.#generate(recorder);
    } catch (error) {
      return this.#settle(error, recorder);
    }
  }

  async #takeOver(stream: OwnStream, epoch: Epoch): Promise<TakenOver | undefined> {
    if (this.#context.info.attempt === 1 && this.#input.sequence === 1) return undefined;
    return stream.takeOver(epoch, { abandon: this.#abandon, signal: this.#context.cancellationSignal });
  }

  async #generate(recorder: StreamRecorder): Promise<StreamEnd> {
    const { blobs, config, engines } = this.#dependencies;
    const { blob, model } = this.#input;
    using scope = new AbortScope([this.#context.cancellationSignal, this.#closed.signal]);
    const { signal } = scope;
    this.#engine = engines.forModel(model);
    if (!this.#engine) throw new KtpflowError('model_not_ready', 'No inference process serves this model right now.');
    const request = parseChatRequest(JSON.parse((await readBlob(blobs, blob)).toString()));
    this.#request = await prepareGeneration(request, this.#engine, { config, signal, seed: seedOf(this.#context) });
    const recorded = [...this.#pieces];
    for await (const part of continueAnswer(this.#engine, this.#request, recorded, { signal })) {
      if (part.type === 'piece') {
        this.#pieces.push(part.piece);
        recorder.push(part.piece);
        continue;
      }
      const usage = part.usage ?? (await this.#estimateUsage());
      const { context } = this.#request;
      return await finish(recorder, { type: 'finish', reason: part.reason, usage, ...(context && { context }) });
    }
    throw new KtpflowError('upstream_failed', 'The engine ended its answer without saying why.', { retryable: true });
  }

  /** Gives the stream its end where this attempt is the last one; else leaves it to the next. */
  async #settle(error: unknown, recorder: StreamRecorder): Promise<StreamEnd | undefined> {
    const { cancellationDetails, cancellationSignal } = this.#context;
    if (error instanceof StreamClosedError || this.#closed.signal.aborted) return undefined;
    if (cancellationSignal.aborted) {
      if (cancellationDetails?.cancelRequested) {
        const usage = await this.#estimateUsage();
        await recorder.finish({ type: 'finish', reason: 'length', usage, cancelled: true }).catch(() => {});
        throw new CancelledFailure('the answer was cancelled');
      }
      await recorder.flush().catch(() => {});
      // The process stops, or has lost its claim: whoever comes next goes on.
      throw ApplicationFailure.retryable('the attempt was given up', 'upstream_failed');
    }
    const known = error instanceof KtpflowError ? error : undefined;
    if (!known) this.#dependencies.logger.error('chat.generation.failed', { error });
    const { code, message, param, retryable, retryAfterSeconds } =
      known ?? new KtpflowError('internal', 'An unexpected error happened.');
    const isHopeless =
      error instanceof StreamDivergedError ||
      (error instanceof EngineFault && this.#fruitless() >= patienceWith(error)) ||
      (code === 'upstream_failed' && known?.retryable === false);
    if (this.#pieces.length > 0 && PASSING_FAULTS.has(code) && !isHopeless) {
      // An answer that has begun is worth another attempt; one that has not can be asked for again by its caller.
      await recorder.flush();
      throw ApplicationFailure.retryable(message, code);
    }
    const failure = { code, message, param, retryable, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
    return finish(recorder, { type: 'error', error: failure });
  }

  /** Attempts in a row, this one included, without a new piece. */
  #fruitless(): number {
    return this.#pieces.length > this.#piecesBefore ? 0 : this.#fruitlessBefore;
  }

  #estimateUsage() {
    return estimateUsage(this.#engine, this.#request, this.#pieces);
  }
}

async function finish(recorder: StreamRecorder, end: StreamEnd): Promise<StreamEnd> {
  await recorder.finish(end);
  return end;
}

function patienceWith(fault: EngineFault): number {
  return fault instanceof BrokenAnswer ? MAX_FRUITLESS_BREAKS : MAX_FRUITLESS_FAULTS;
}

/** A number of 31 bits that all attempts at an answer share; run ids begin with the time and end with chance. */
function seedOf({ info }: Context): number {
  return Number.parseInt(info.workflowExecution?.runId.slice(-8) ?? '0', 16) >>> 1;
}
