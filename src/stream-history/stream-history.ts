import { setTimeout as sleep } from 'node:timers/promises';
import { AbortScope } from '../abort-scope.ts';
import { compareEpochs, type Epoch, StreamLog, type StreamRecord, type StreamView } from '../chat/stream-log.ts';
import {
  followHistory,
  type HistoryPage,
  readHistory,
  type StreamBatch,
  StreamGoneError,
  type StreamRun,
  type StreamSource,
} from './history-pages.ts';

export { type StreamBatch, StreamGoneError, type StreamRun, type StreamSource };

/**
 * Reads a stream from where it is kept: the history of its log, a run of its own, and that of its workflow's run, which
 * says when it is over and, without such a log, holds the records itself. Follows both by long poll; no worker is needed
 * to answer, a server that restarts costs nothing but time, and what was read once stays where it is.
 */

/**
 * Yields what is recorded and then what comes, until the run is closed or the signal is aborted. After a fault a record
 * may come again: folding drops it.
 * @throws StreamGoneError
 */
export async function* followStream(
  source: StreamSource,
  run: StreamRun,
  signal: AbortSignal,
): AsyncGenerator<StreamBatch, void> {
  const done = new AbortController();
  using scope = new AbortScope([signal, done.signal]);
  const own = followHistory(source, run, scope.signal);
  let log: ReturnType<typeof followHistory> | undefined;
  let logId: string | undefined;
  let ownPage: Promise<Turn> | undefined = turnOf('own', own.next());
  let logPage: Promise<Turn> | undefined;
  const end = new EndWatch();
  try {
    for (;;) {
      const { of, page } = await Promise.race(logPage ? [logPage, ownPage] : [ownPage]);
      if (of === 'log') {
        logPage = page && log ? turnOf('log', log.next()) : undefined;
        if (page && page.records.length > 0) {
          end.see(page.records);
          yield { records: page.records, closed: null };
        }
        continue;
      }
      if (!page) return;
      const { closed, records } = page;
      if (page.log !== undefined && !log) {
        logId = page.log;
        log = followHistory(source, { workflowId: logId, runId: '' }, scope.signal);
        logPage = turnOf('log', log.next());
      }
      if (closed) {
        // Closed is what the run says; what was recorded apart before that may not have come yet.
        const rest = logId === undefined || end.seen ? [] : await readWholeLog(source, logId, signal);
        yield { records: [...records, ...rest], closed };
        return;
      }
      ownPage = turnOf('own', own.next());
      if (records.length > 0) yield { records, closed: null };
    }
  } finally {
    done.abort();
  }
}

const READ_AGAIN_MS = 100;

/** A page of one of the two histories; undefined: there will be no other. */
interface Turn {
  readonly of: 'own' | 'log';
  readonly page: HistoryPage | undefined;
}

function turnOf(of: Turn['of'], next: Promise<IteratorResult<HistoryPage, void>>): Promise<Turn> {
  const turn = next.then(({ done, value }) => ({ of, page: done ? undefined : (value as HistoryPage) }));
  // Whoever left meanwhile is not told.
  turn.catch(() => {});
  // A log that is gone has no pages; the run itself says what became of the stream.
  return of === 'own' ? turn : turn.catch(() => ({ of, page: undefined }));
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

/**
 * What a stream holds now, without waiting for more.
 * @throws StreamGoneError; errors of the Temporal client
 */
export async function readStream(source: StreamSource, run: StreamRun): Promise<StreamView> {
  const view = new StreamLog();
  // In this order: what a closed run's log holds is all of it.
  const { closed, log, records } = await readHistory(source, run);
  for (const record of records) view.accept(record);
  if (log !== undefined) for (const record of await readLog(source, log)) view.accept(record);
  if (closed) view.close(closed.end);
  return view;
}

/** As {@link readLog}, however long the server may be away. */
async function readWholeLog(source: StreamSource, log: string, signal: AbortSignal): Promise<readonly StreamRecord[]> {
  for (;;) {
    try {
      return await readLog(source, log);
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(READ_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** @returns nothing of a log that was removed @throws errors of the Temporal client */
async function readLog(source: StreamSource, log: string): Promise<readonly StreamRecord[]> {
  try {
    return (await readHistory(source, { workflowId: log, runId: '' })).records;
  } catch (error) {
    if (error instanceof StreamGoneError) return [];
    throw error;
  }
}
