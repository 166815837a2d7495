import type { Engine } from '../engine.ts';
import { type CanaryVerdict, runCanary } from './run-canary.ts';

export interface CanaryOptions {
  /** How often it is looked whether a run is due. */
  readonly pollMs?: number;
  /** How old a verdict may become. */
  readonly maxAgeMs?: number;
  /** How long after a run without an answer the next one comes. */
  readonly retryMs?: number;
  /** How long a run may take. */
  readonly timeoutMs?: number;
}

const DEFAULTS = { pollMs: 15_000, maxAgeMs: 24 * 3_600_000, retryMs: 600_000, timeoutMs: 180_000 };

const WARNINGS: Readonly<Record<Exclude<CanaryVerdict, 'passed'>, string>> = {
  'wrong-numbers': 'The model read the numbers of a test card wrong: its values never count as sure.',
  'no-answer': 'The model gave no answer about a test card: its values never count as sure.',
};

/**
 * Lets an engine read a drawn card at start, whenever it comes back after a pause (a server that is updated is
 * restarted), when its version changes, and daily. Until it has passed, its values never count as sure.
 */
export class Canary {
  readonly #engine: Engine;
  readonly #options: Required<CanaryOptions>;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #verdict: CanaryVerdict | null = null;
  #ranAt = 0;
  #version: string | null = null;
  #running: Promise<void> | null = null;

  constructor(engine: Engine, options: CanaryOptions = {}) {
    this.#engine = engine;
    this.#options = { ...DEFAULTS, ...options };
    this.#timer = setInterval(() => void this.look(), this.#options.pollMs);
    this.#timer.unref();
  }

  /** Whether the last run went well. */
  get passed(): boolean {
    return this.#verdict === 'passed';
  }

  /** For /health; null: it passed, or has not run yet. */
  get warning(): string | null {
    return this.#verdict === null || this.#verdict === 'passed' ? null : WARNINGS[this.#verdict];
  }

  /** Runs if a run is due; waits for it. Never rejects. */
  look(): Promise<void> {
    this.#running ??= this.#look()
      .catch(() => undefined)
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort(new Error('the canary was closed'));
  }

  async #look(): Promise<void> {
    if (!(await this.#engine.readiness()).ready) {
      // What comes back may be another version.
      this.#verdict = null;
      return;
    }
    const version = (await this.#engine.version?.()) ?? null;
    const age = Date.now() - this.#ranAt;
    const { maxAgeMs, retryMs } = this.#options;
    const isOld = age > (this.#verdict === 'no-answer' ? retryMs : maxAgeMs);
    if (this.#verdict !== null && version === this.#version && !isOld) return;
    this.#version = version;
    this.#verdict = await this.#run();
    this.#ranAt = Date.now();
  }

  async #run(): Promise<CanaryVerdict> {
    const stop = new AbortController();
    const onClose = (): void => stop.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', onClose, { once: true });
    const timer = setTimeout(() => stop.abort(new Error('too slow')), this.#options.timeoutMs);
    try {
      return await runCanary(this.#engine, stop.signal);
    } catch {
      return 'no-answer';
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener('abort', onClose);
    }
  }
}
