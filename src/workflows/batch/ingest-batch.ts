import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BatchActivities, BatchItem } from '../../contract/batch-activities.ts';
import type { BatchPass, BatchPosition, IngestBatchInput } from '../../contract/batch-workflow.ts';
import { startWebhook } from '../webhook.ts';
import { BatchControl } from './batch-control.ts';
import { type ItemEnd, readItem } from './batch-item.ts';
import { ResultGroups } from './result-groups.ts';

/** Items listed, and entries of an archive unpacked, at a time. */
const PAGE = 64;
/** Results that may wait to be stored beside the window; more only come together while the database is down. */
const MAX_UNSTORED = 32;
/**
 * A service that is down for one item and there for others is not down: after so many times, or so many pauses for
 * that item, the item fails. The last item, with nobody left to tell, waits for so many pauses, two minutes. Any
 * other outage is waited out for so many pauses, about a day; then what is left fails, item by item, until one succeeds.
 */
const MAX_OWN_OUTAGES = 3;
const MAX_OWN_PAUSES = 4;
const MAX_LAST_PAUSES = 6;
const MAX_PAUSES = 1300;
const FIRST_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 60;

/** Histories from before did not list again what a fetch had added while items were listed. */
const GROWN_WHILE_LISTED = 'grown-while-listed';
/** Histories from before waited for a service for ever. */
const OUTAGES_END = 'outages-end';

const { beginBatchRun, finishBatch } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '1 minute',
  // A database that is down comes back; the batch waits for it.
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

const { nextBatchItems, cancelBatchItems } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '30 minutes',
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' },
});

/**
 * Reads the items of a batch, a window of them at a time, each through extractDocument(). Knows nothing but where it
 * is: which items there are, and which are done, only the database knows.
 */
export async function ingestBatchWorkflow(input: IngestBatchInput): Promise<void> {
  const { batchId, codes, run } = input;
  const groups = new ResultGroups();
  const control = new BatchControl(input, input.position.paused ?? false);
  const reader = new BatchReader(input, groups, control);
  let position: BatchPosition | null;
  try {
    await beginBatchRun({ batchId, run, ...(codes && { codes }) });
    position = await reader.readAll();
  } catch (error) {
    // With a dead worker a cancellation arrives as an activity's time-out: what was asked for decides.
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    await CancellationScope.nonCancellable(async () => {
      await reader.settled();
      await control.written();
      await cancelBatchItems({ batchId });
      await finishBatch({ batchId, run, status: cancelled ? 'cancelled' : 'failed' });
      await startWebhook(input.webhook);
    });
    throw cancelled && !isCancellation(error) ? new CancelledFailure('the batch was cancelled') : error;
  }
  if (position) await continueAsNew<typeof ingestBatchWorkflow>({ ...input, position });
  // Everything has a result: a cancellation that comes now is too late.
  await CancellationScope.nonCancellable(async () => {
    await control.written();
    await finishBatch({ batchId, run, status: 'completed' });
  });
  await startWebhook(input.webhook);
}

/** A cancellation that came with the last result of the window would be lost with continue-as-new. */
function throwIfCancelled(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the batch was cancelled');
}

/** The sliding window over the items. */
class BatchReader {
  readonly #input: IngestBatchInput;
  readonly #groups: ResultGroups;
  readonly #control: BatchControl;
  /** Items that were listed and wait for a place in the window. */
  #queue: BatchItem[] = [];
  #more = true;
  /** Whether its caller can add no more items, as far as is known. */
  #sealed = true;
  /** `grown` of the control when items were listed last. */
  #listedAt = 0;
  #pass: BatchPass;
  #after: number;
  #deferred: boolean;
  /** Pauses in a row because a service is down. */
  #pauses: number;
  #paused: boolean;
  /** Items in flight, those whose results wait to be stored among them. */
  #running = 0;
  #ends = 0;
  #successes = 0;
  readonly #outages = new Map<string, { times: number; successes: number }>();
  #fault: { readonly error: unknown } | undefined;

  constructor(input: IngestBatchInput, groups: ResultGroups, control: BatchControl) {
    this.#input = input;
    this.#groups = groups;
    this.#control = control;
    this.#pass = input.position.pass;
    this.#after = input.position.after;
    this.#deferred = input.position.deferred;
    this.#pauses = input.position.pauses;
    this.#paused = this.#pauses > 0;
  }

  /** @returns null when every item has its result, else where to go on: the history has become long */
  async readAll(): Promise<BatchPosition | null> {
    for (;;) {
      throwIfCancelled();
      const longHistory = this.#isLong();
      if (longHistory && this.#running === 0) {
        await this.#control.written();
        throwIfCancelled();
        return this.#position();
      }
      if (this.#control.paused && this.#running === 0) {
        await this.#waitWhilePaused();
        continue;
      }
      if (!longHistory && !this.#control.paused) await this.#fill();
      if (this.#running === 0 && this.#queue.length === 0 && !this.#control.paused) {
        // The list was empty, and out of date.
        if (this.#more && patched(GROWN_WHILE_LISTED)) continue;
        if (this.#pass === 'together' && this.#deferred) {
          this.#beginPass('alone');
        } else {
          if (!(await this.#mayGrow())) return null;
          this.#deferred = false;
          this.#beginPass('together');
        }
        continue;
      }
      const seen = this.#ends;
      await condition(() => this.#ends !== seen || (!longHistory && this.#mayStart()));
      if (this.#fault) throw this.#fault.error;
    }
  }

  /** Resolves when nothing is being read or stored any more. */
  async settled(): Promise<void> {
    await condition(() => this.#running === 0);
  }

  #isLong(): boolean {
    return workflowInfo().historyLength >= this.#input.historyLimit;
  }

  /** @throws CancelledFailure when it was cancelled meanwhile, or paused for too long */
  async #waitWhilePaused(): Promise<void> {
    if (await this.#wait(() => !this.#control.paused || this.#isLong())) return;
    throw new CancelledFailure('the batch was paused for too long');
  }

  /** Waits for more items where there may be any. @returns false: there will be none */
  async #mayGrow(): Promise<boolean> {
    if (this.#sealed) return false;
    return await this.#wait(() => this.#control.grown !== this.#listedAt || this.#control.paused || this.#isLong());
  }

  /** @returns false: it took too long */
  async #wait(happened: () => boolean): Promise<boolean> {
    const { longestIdleMs } = this.#input;
    if (longestIdleMs !== undefined) return await condition(happened, longestIdleMs);
    await condition(happened);
    return true;
  }

  /** Starts as many items as may run. */
  async #fill(): Promise<void> {
    if (this.#paused && this.#running === 0 && !this.#isOutlasted()) await this.#pause();
    for (;;) {
      // One page ahead: while the next entries are unpacked, the window is still full.
      if (this.#queue.length === 0 && this.#hasMore()) await this.#list();
      // Paused while it was listed.
      if (this.#control.paused) return;
      const item = this.#hasPlace() ? this.#queue.shift() : undefined;
      if (!item) return;
      this.#start(item);
    }
  }

  #hasMore(): boolean {
    return this.#more || this.#control.grown !== this.#listedAt;
  }

  #mayStart(): boolean {
    if (this.#control.paused) return false;
    return (
      (this.#queue.length > 0 && this.#hasPlace()) ||
      (this.#queue.length === 0 && this.#control.grown !== this.#listedAt)
    );
  }

  #hasPlace(): boolean {
    // While a service is down, one item at a time finds out whether it is back.
    if (this.#paused || this.#pass === 'alone') return this.#running === 0;
    const reading = this.#running - this.#groups.unstored;
    return reading < this.#input.window && this.#running < this.#input.window + MAX_UNSTORED;
  }

  async #list(): Promise<void> {
    const { batchId } = this.#input;
    const grown = this.#control.grown;
    this.#more = false;
    const { items, more, sealed = true } = await nextBatchItems({ batchId, after: this.#after, limit: PAGE });
    this.#listedAt = grown;
    this.#sealed = sealed;
    this.#queue.push(...items);
    this.#after = items.at(-1)?.index ?? this.#after;
    // Of what became items meanwhile the list may know nothing.
    const hasGrown = this.#more && patched(GROWN_WHILE_LISTED);
    this.#more = more || hasGrown;
  }

  #start(item: BatchItem): void {
    this.#groups.expect(++this.#running);
    const onGrown = () => {
      this.#more = true;
    };
    readItem(this.#input, item, { pass: this.#pass, patient: this.#mayPause(item), onGrown }, this.#groups)
      .then(
        (end) => this.#ended(item, end),
        (error: unknown) => {
          // A cancelled item has stored that; the cancellation itself reaches the loop on its own.
          if (!isCancellation(error)) this.#fault ??= { error };
        },
      )
      .finally(() => {
        this.#groups.expect(--this.#running);
        this.#ends++;
      });
  }

  #ended(item: BatchItem, end: ItemEnd): void {
    if (end.kind === 'outage') {
      const { times = 0, successes = this.#successes } = this.#outages.get(item.extractionId) ?? {};
      this.#outages.set(item.extractionId, {
        times: successes < this.#successes ? times + 1 : times,
        successes: this.#successes,
      });
      this.#paused = true;
      // Behind the others: if it is the item's own fault, they find out.
      this.#queue.push({ ...item, attempts: end.attempts });
      return;
    }
    // Nothing has come back: no new day begins with each item.
    if (end.kind === 'given up' && this.#isOutlasted()) return;
    if (end.kind === 'deferred') this.#deferred = true;
    this.#successes++;
    this.#paused = false;
    this.#pauses = 0;
  }

  #mayPause(item: BatchItem): boolean {
    const times = this.#outages.get(item.extractionId)?.times ?? 0;
    const itsOwn = times >= MAX_OWN_OUTAGES || (times > 0 && this.#pauses >= MAX_OWN_PAUSES);
    const last = this.#running === 1 && this.#queue.length === 0 && !this.#more;
    return !itsOwn && !(last && this.#pauses >= MAX_LAST_PAUSES) && !this.#isOutlasted();
  }

  /** Whether a service has been down for so long that nobody waits for it any more. */
  #isOutlasted(): boolean {
    return this.#pauses >= MAX_PAUSES && patched(OUTAGES_END);
  }

  async #pause(): Promise<void> {
    const first = this.#input.firstPauseSeconds ?? FIRST_PAUSE_SECONDS;
    const seconds = Math.min(first * 2 ** this.#pauses, LONGEST_PAUSE_SECONDS);
    this.#pauses++;
    await sleep(seconds * 1000);
  }

  #beginPass(pass: BatchPass): void {
    this.#pass = pass;
    this.#after = -1;
    this.#more = true;
  }

  /** Items that were listed but not read are listed again: only those without a result are. */
  #position(): BatchPosition {
    return {
      pass: this.#pass,
      after: Math.min(this.#after, ...this.#queue.map((item) => item.index - 1)),
      deferred: this.#deferred,
      pauses: this.#paused ? Math.max(1, this.#pauses) : 0,
      ...(this.#control.paused && { paused: true }),
    };
  }
}
