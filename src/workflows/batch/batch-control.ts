import { CancellationScope, condition, proxyActivities, setHandler } from '@temporalio/workflow';
import type { BatchActivities, BatchRun } from '../../contract/batch-activities.ts';
import { batchGrownSignal, pauseBatchSignal } from '../../contract/batch-workflow.ts';

const { showBatchPaused } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/**
 * What the caller of a batch wants of it while it runs. The workflow alone writes whether it is paused into the row, one
 * change after the other: so the row says what is, in whatever order callers ask.
 */
export class BatchControl {
  readonly #run: BatchRun;
  #paused: boolean;
  #grown = 0;
  #writing = 0;
  #written: Promise<void> = Promise.resolve();

  constructor({ batchId, run }: BatchRun, paused: boolean) {
    this.#run = { batchId, run };
    this.#paused = paused;
    setHandler(pauseBatchSignal, (wanted) => this.#pause(wanted));
    setHandler(batchGrownSignal, () => void this.#grown++);
  }

  /** While true nothing new is begun. */
  get paused(): boolean {
    return this.#paused;
  }

  /** How often the batch was told that there are more items, or that it is sealed. */
  get grown(): number {
    return this.#grown;
  }

  /** Resolves when the row says what is. */
  async written(): Promise<void> {
    await condition(() => this.#writing === 0);
  }

  #pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#writing++;
    this.#written = this.#written
      .then(() => CancellationScope.nonCancellable(() => showBatchPaused({ ...this.#run, paused })))
      // A week for nothing: what the row says is then no worse than what it said before.
      .catch(() => undefined)
      .finally(() => void this.#writing--);
  }
}
