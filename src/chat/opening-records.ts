import { compareEpochs, type Epoch, type StreamRecord } from './stream-log.ts';

/**
 * Where a stream has a log of its own, its first record still stands in the history of its workflow: starting a log
 * takes time that a first token should not wait for. It counts where no later writer has set its fence before it, so
 * the first record of that history decides, for every reader alike, before anybody looks into the log.
 */

const FIRST_WRITER: Epoch = [1, 1];

/** Whether a record is the one that goes to the workflow's own history. */
export function isOpening({ epoch, from }: StreamRecord): boolean {
  return isOfFirstWriter(epoch) && from === 0;
}

/** Tells the records of a workflow's history that count from those that do not. */
export class OpeningRecords {
  readonly #aside: StreamRecord[] = [];

  /** Takes what comes in history order. @returns what counts of it */
  take(records: readonly StreamRecord[]): StreamRecord[] {
    return records.filter((record) => {
      if (this.#aside.length === 0 && isOfFirstWriter(record.epoch)) return true;
      this.#aside.push(record);
      return false;
    });
  }

  /**
   * The others: fences, and what counts where the run has ended and there is no log. That was written by a process of
   * the version before, which knows no logs, in the middle of an upgrade.
   */
  get aside(): readonly StreamRecord[] {
    return this.#aside;
  }
}

function isOfFirstWriter(epoch: Epoch): boolean {
  return compareEpochs(epoch, FIRST_WRITER) === 0;
}
