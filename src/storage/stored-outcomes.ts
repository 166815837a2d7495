import { EventEmitter, once } from 'node:events';

/**
 * Tells those who wait in this process that an extraction's outcome was stored by a worker in this process, which the
 * end of its workflow tells everybody some milliseconds later.
 */
export class StoredOutcomes {
  readonly #emitter = new EventEmitter();

  announce(extractionId: string): void {
    this.#emitter.emit(extractionId);
  }

  /** Resolves at the next outcome of this extraction; rejects when the signal is aborted. */
  async next(extractionId: string, signal: AbortSignal): Promise<void> {
    await once(this.#emitter, extractionId, { signal });
  }
}
