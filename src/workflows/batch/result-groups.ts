import { CancellationScope, condition } from '@temporalio/workflow';
import type { BatchResult } from '../../contract/batch-activities.ts';
import type { StoredResult } from '../../contract/extraction-activities.ts';
import { storeBatchResults } from '../store-patiently.ts';

/**
 * Results stored by one activity, and how long the first of them waits for others: long enough that a group is full
 * before, since a timer that fires costs a workflow task.
 */
const GROUP_SIZE = 8;
const GROUP_WAIT = '5 seconds';

/** Stores results some at a time: an activity for each would cost a batch twice its budget. */
export class ResultGroups {
  #waiting: BatchResult[] = [];
  #expected = 0;
  #storing = false;
  #stored = 0;
  #taken = 0;
  /** Cards that wait for a person, by their extractions, until they are asked for. */
  readonly #open = new Map<string, StoredResult>();
  #fault: { readonly error: unknown } | undefined;

  /** Results that are not in the database yet. */
  get unstored(): number {
    return this.#taken - this.#stored;
  }

  /** Tells how many items are in flight, those that wait here among them: a group that holds all of them is full. */
  expect(items: number): void {
    this.#expected = items;
  }

  /** Resolves when the result is in the database; not cancelled by anything. @returns what storeResult returns */
  async store(result: BatchResult): Promise<StoredResult> {
    return await CancellationScope.nonCancellable(async () => {
      const place = ++this.#taken;
      this.#waiting.push(result);
      if (!this.#storing) void this.#storeAll();
      await condition(() => this.#stored >= place || this.#fault !== undefined);
      if (this.#fault) throw this.#fault.error;
      const open = this.#open.get(result.extractionId) ?? null;
      this.#open.delete(result.extractionId);
      return open;
    });
  }

  async #storeAll(): Promise<void> {
    this.#storing = true;
    try {
      while (this.#waiting.length > 0) {
        await condition(() => this.#waiting.length >= Math.min(GROUP_SIZE, this.#expected), GROUP_WAIT);
        const results = this.#waiting.splice(0, GROUP_SIZE);
        // The task that brings a group's last result stores the group, too.
        const stored = await storeBatchResults({ results });
        // Histories from before have no answer.
        stored?.forEach((open, index) => {
          const { extractionId } = results[index] ?? {};
          if (open && extractionId !== undefined) this.#open.set(extractionId, open);
        });
        this.#stored += results.length;
      }
    } catch (error) {
      this.#fault = { error };
    } finally {
      this.#storing = false;
    }
  }
}
