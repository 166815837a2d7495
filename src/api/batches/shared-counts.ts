import { countItems, type ItemCounts } from '../../storage/batches.ts';
import type { Database } from '../../storage/database.ts';

/** Watchers look once a second. */
const FRESH_MS = 700;

/**
 * Counts of batches that are being read, one for all who watch a batch at a time: counting twenty thousand items takes
 * some tens of milliseconds, in which PGlite blocks its process.
 */
export class SharedCounts {
  readonly #database: Database;
  readonly #counted = new Map<string, Promise<ItemCounts | undefined>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** At most {@link FRESH_MS} old. @throws errors of the database */
  of(batchId: string): Promise<ItemCounts | undefined> {
    const known = this.#counted.get(batchId);
    if (known) return known;
    const counting = countItems(this.#database, [batchId]).then((counts) => counts.get(batchId));
    this.#counted.set(batchId, counting);
    const forget = () => this.#counted.delete(batchId);
    counting.then(() => setTimeout(forget, FRESH_MS).unref(), forget);
    return counting;
  }
}
