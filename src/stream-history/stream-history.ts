import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { AbortScope } from '../abort-scope.ts';
import { OpeningRecords } from '../chat/opening-records.ts';
import { compareEpochs, type Epoch, StreamLog, type StreamRecord, type StreamView } from '../chat/stream-log.ts';
import {
  followHistory,
  type HistoryPage,
  type KeyedRun,
  readHistory,
  type StreamBatch,
  StreamGoneError,
  type StreamRun,
  type StreamSource,
} from './history-pages.ts';

export { type KeyedRun, type StreamBatch, StreamGoneError, type StreamRun, type StreamSource };

/**
 * Reads a stream from where it is kept: the history of its log, a run of its own, and that of its workflow's run, which
 * says when it is over and, without such a log, holds the records itself. Follows both by long poll; no worker is needed
 * to answer, a server that restarts costs nothing but time, and what was read once stays where it is.
 */

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Yields what is recorded and then what comes, until the run is closed or the signal is aborted. After a fault a record
 * may come again: folding drops it.
 * @throws StreamGoneError
 */
export async function* followStream(
  source: StreamSource,
  run: KeyedRun,
  signal: AbortSignal,
): AsyncGenerator<StreamBatch, void> {
  const left = new AbortController();
  using scope = new AbortScope([signal, left.signal]);
  const own = followHistory(source, run, scope.signal);
  let ownPage = turnOf('own', own);
  let log: Log | undefined;
  let logPage: Promise<Turn> | undefined;
  try {
    for (;;) {
      const { of, page } = await Promise.race(logPage ? [logPage, ownPage] : [ownPage]);
      if (of === 'log') {
        logPage = page && log?.pages ? turnOf('log', log.pages) : undefined;
        if (page) log?.end.see(page.records);
        if (page && page.records.length > 0) yield { records: page.records, closed: null, ...takenOf(page) };
        continue;
      }
      if (!page) return;
      if (page.log !== undefined)
        log = {
          run: { workflowId: page.log, runId: '', dataKey: run.dataKey },
          opening: new OpeningRecords(),
          end: new EndWatch(),
        };
      const records = log ? log.opening.take(page.records) : page.records;
      log?.end.see(records);
      if (page.closed) {
        yield {
          records: [...records, ...(log ? await restOf(source, log, page.closed, signal) : [])],
          closed: page.closed,
        };
        return;
      }
      if (records.length > 0) yield { records, closed: null, ...takenOf(page) };
      if (log && !log.pages && page.records.length > 0) {
        // Now it is decided what the first record is; what stands in the log comes behind it.
        log.pages = followHistory(source, log.run, scope.signal, { comesLater: true });
        logPage = turnOf('log', log.pages);
      }
      ownPage = turnOf('own', own);
    }
  } finally {
    left.abort();
  }
}

function takenOf({ takenAt }: HistoryPage): { takenAt?: Date } {
  return takenAt ? { takenAt } : {};
}

/** The log of a stream while it is followed. */
interface Log {
  readonly run: KeyedRun;
  readonly opening: OpeningRecords;
  readonly end: EndWatch;
  pages?: ReturnType<typeof followHistory>;
}

/** The next page of one of the two histories; undefined: there will be none. */
interface Turn {
  readonly of: 'own' | 'log';
  readonly page: HistoryPage | undefined;
}

function turnOf(of: Turn['of'], pages: ReturnType<typeof followHistory>): Promise<Turn> {
  const turn = pages.next().then(({ value }) => ({ of, page: value ?? undefined }));
  // Whoever has left meanwhile is not told.
  turn.catch(() => {});
  return turn;
}

/** Whether the writer that counts has recorded an end. */
class EndWatch {
  #epoch: Epoch = [0, 0];
  #seen = false;

  get seen(): boolean {
    return this.#seen;
  }

  see(records: readonly StreamRecord[]): void {
    for (const { end, epoch } of records) {
      if (compareEpochs(epoch, this.#epoch) < 0) continue;
      this.#epoch = epoch;
      this.#seen ||= end !== undefined;
    }
  }
}

/** Closed is what the run says; what was recorded in the log before that may not have come yet. */
async function restOf(
  source: StreamSource,
  log: Log,
  closed: NonNullable<StreamBatch['closed']>,
  signal: AbortSignal,
): Promise<readonly StreamRecord[]> {
  if (log.end.seen) return [];
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await readLog(source, log, closed);
    } catch (error) {
      // Only what the server says, or that it is away, passes.
      if (signal.aborted || !isGrpcServiceError(error)) throw error;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * What a stream holds now, without waiting for more.
 * @throws StreamGoneError; errors of the Temporal client
 */
export async function readStream(source: StreamSource, run: KeyedRun): Promise<StreamView> {
  const view = new StreamLog();
  // In this order: what a closed run's log holds is all of it.
  const { closed, log: id, records } = await readHistory(source, run);
  const opening = new OpeningRecords();
  for (const record of id === undefined ? records : opening.take(records)) view.accept(record);
  if (id !== undefined) {
    const log = { run: { workflowId: id, runId: '', dataKey: run.dataKey }, opening };
    for (const record of await readLog(source, log, closed)) view.accept(record);
  }
  if (closed) view.close(closed.end);
  return view;
}

/** What a log holds now; nothing where there is none. @throws errors of the Temporal client */
async function readLog(
  source: StreamSource,
  { opening, run }: Pick<Log, 'run' | 'opening'>,
  closed: StreamBatch['closed'],
): Promise<readonly StreamRecord[]> {
  if (closed?.withoutLog) return [];
  try {
    return (await readHistory(source, run)).records;
  } catch (error) {
    if (error instanceof StreamGoneError) return closed ? opening.aside : [];
    throw error;
  }
}
