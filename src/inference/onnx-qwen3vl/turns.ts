import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GenerationRequest } from '../engine.ts';
import { type StartedGeneration, startGeneration } from './generation.ts';
import type { Qwen3Vl } from './model.ts';
import type { ThreadAnswer, ThreadFailure } from './thread-messages.ts';

interface Waiting {
  readonly id: number;
  readonly request: GenerationRequest;
}

/**
 * Gives answers their turns: one step each, round and round, so that a long prompt does not hold up a short answer by
 * more than a step. Between two steps messages are looked at, an abort among them.
 */
export class Turns {
  readonly #model: Qwen3Vl;
  readonly #concurrency: number;
  readonly #answer: (message: ThreadAnswer) => void;
  readonly #describe: (error: unknown) => ThreadFailure;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<number, StartedGeneration>();
  readonly #aborted = new Set<number>();
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(
    model: Qwen3Vl,
    concurrency: number,
    answer: (message: ThreadAnswer) => void,
    describe: (error: unknown) => ThreadFailure,
  ) {
    this.#model = model;
    this.#concurrency = concurrency;
    this.#answer = answer;
    this.#describe = describe;
  }

  add(id: number, request: GenerationRequest): void {
    this.#waiting.push({ id, request });
    this.#round ??= this.#goRound();
  }

  abort(id: number): void {
    const index = this.#waiting.findIndex((waiting) => waiting.id === id);
    if (index >= 0) this.#waiting.splice(index, 1);
    else this.#aborted.add(id);
  }

  /** Leaves all answers where they are; resolves once no step is running. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#round;
  }

  async #goRound(): Promise<void> {
    while (!this.#stopped && (this.#waiting.length > 0 || this.#running.size > 0)) {
      while (this.#running.size < this.#concurrency) {
        const next = this.#waiting.shift();
        if (!next || this.#stopped) break;
        await this.#guarded(next.id, () => this.#begin(next));
      }
      for (const [id, generation] of this.#running) await this.#guarded(id, () => this.#step(id, generation));
    }
    this.#aborted.clear();
    this.#round = undefined;
  }

  async #begin({ id, request }: Waiting): Promise<void> {
    const generation = await startGeneration(this.#model, request);
    this.#running.set(id, generation);
    this.#answer({ kind: 'began', id, opensThinking: generation.opensThinking });
  }

  async #step(id: number, generation: StartedGeneration): Promise<void> {
    await nextTurn();
    if (this.#stopped) return;
    if (this.#aborted.delete(id)) {
      this.#end(id);
      return;
    }
    const { text, finish } = await generation.step();
    this.#answer(text === '' ? { kind: 'stepped' } : { kind: 'text', id, text });
    if (!finish) return;
    this.#end(id);
    this.#answer({ kind: 'finish', id, ...finish });
  }

  async #guarded(id: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#stopped) return;
      this.#end(id);
      this.#answer({ kind: 'failed', id, failure: this.#describe(error) });
    }
  }

  #end(id: number): void {
    this.#running.get(id)?.close();
    this.#running.delete(id);
  }
}
