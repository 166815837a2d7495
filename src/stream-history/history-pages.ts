import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionLike, isGrpcServiceError } from '@temporalio/client';
import type { LoadedDataConverter, Payload } from '@temporalio/common';
// CommonJS without static names: Node imports it whole.
import proto from '@temporalio/proto';
import type { StreamRecord } from '../chat/stream-log.ts';
import {
  type ChatCompletionInput,
  type ChatCompletionOutput,
  RECORD_SIGNAL,
  type SealedRecord,
} from '../contract/chat-workflow.ts';
import { isTemporalNotFound } from '../temporal-errors.ts';
import { openRecord } from './sealed-records.ts';

/** Reads what one history holds of a stream, by pages: as it is now, or as it grows. */

/** Where a stream is. */
export interface StreamRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** … and the answer's own key, which its pieces are sealed with. */
export interface KeyedRun extends StreamRun {
  readonly dataKey: Uint8Array;
}

export interface StreamSource {
  /** Better one without automatic retries: they hide a dead server for many seconds. */
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly dataConverter: LoadedDataConverter;
}

/** Some of a stream's records, in order. */
export interface StreamBatch {
  readonly records: readonly StreamRecord[];
  /** When Temporal took the newest of them, by its clock. */
  readonly takenAt?: Date;
  /** The run is over, and how: the last batch. */
  readonly closed: (ChatCompletionOutput & { readonly at: Date }) | null;
}

/** What one page of a history holds. */
export interface HistoryPage extends StreamBatch {
  /** Workflow id of the stream's log, on the first page of a run that has one. */
  readonly log?: string;
}

/** The run or its history does not exist, or no longer. */
export class StreamGoneError extends Error {
  override readonly name = 'StreamGoneError';
}

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
const { EventType, HistoryEventFilterType } = proto.temporal.api.enums.v1;

/** An idle poll is answered after 20 s. */
const POLL_DEADLINE_MS = 60_000;
const READ_DEADLINE_MS = 5_000;
const PAGE_SIZE = 500;
const FIRST_BACKOFF_MS = 10;
const LONGEST_BACKOFF_MS = 1000;
/**
 * … for a run that is about to be started: its second record is seldom sooner, whoever waits for it waits no longer, and
 * with ten answers beginning at once each question takes time from their first tokens.
 */
const FIRST_ABSENCE_MS = 25;
const LONGEST_ABSENCE_MS = 100;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/**
 * Pages of one history, as they come, to its end; an idle poll gives an empty one.
 * @param comesLater the run may not have been started yet
 * @throws StreamGoneError
 */
export async function* followHistory(
  source: StreamSource,
  run: KeyedRun,
  signal: AbortSignal,
  { comesLater = false }: { readonly comesLater?: boolean } = {},
): AsyncGenerator<HistoryPage, void> {
  let nextPageToken: Uint8Array | undefined;
  let backoffMs = comesLater ? FIRST_ABSENCE_MS : FIRST_BACKOFF_MS;
  if (comesLater) await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    let page: proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse;
    try {
      page = await pollPage(source, run, nextPageToken, signal);
      backoffMs = FIRST_BACKOFF_MS;
    } catch (error) {
      if (signal.aborted) return;
      const code = isGrpcServiceError(error) ? error.code : undefined;
      if (code === NOT_FOUND && !comesLater)
        throw new StreamGoneError('the history of the stream is gone', { cause: error });
      // A token that the server does not take any more: from the start.
      if (code === INVALID_ARGUMENT) nextPageToken = undefined;
      await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, code === NOT_FOUND ? LONGEST_ABSENCE_MS : LONGEST_BACKOFF_MS);
      continue;
    }
    const read = await readEvents(source.dataConverter, run.dataKey, page.history?.events ?? []);
    yield read;
    if (read.closed) return;
    // A page without a token and without a closing event does not happen; if it did, this is a new poll.
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  }
}

/** A history as it is now. @throws StreamGoneError; errors of the Temporal client */
export async function readHistory(source: StreamSource, run: KeyedRun): Promise<HistoryPage> {
  const records: StreamRecord[] = [];
  let closed: HistoryPage['closed'] = null;
  let log: string | undefined;
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await requestPage(source, run, nextPageToken, { wait: false }).catch((error: unknown) => {
      if (isTemporalNotFound(error)) throw new StreamGoneError('the stream is gone');
      throw error;
    });
    const read = await readEvents(source.dataConverter, run.dataKey, page.history?.events ?? []);
    records.push(...read.records);
    closed = read.closed;
    log ??= read.log;
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken);
  return { records, closed, ...(log !== undefined && { log }) };
}

/** The client leaves its listener on a signal, so that each call gets one of its own. */
async function pollPage(source: StreamSource, run: StreamRun, token: Uint8Array | undefined, signal: AbortSignal) {
  const call = new AbortController();
  const stop = () => call.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await source.connection.withAbortSignal(call.signal, () => requestPage(source, run, token, { wait: true }));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function requestPage(
  { connection, namespace }: StreamSource,
  { runId, workflowId }: StreamRun,
  nextPageToken: Uint8Array | undefined,
  { wait }: { wait: boolean },
) {
  return connection.withDeadline(Date.now() + (wait ? POLL_DEADLINE_MS : READ_DEADLINE_MS), () =>
    connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      waitNewEvent: wait,
      historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
      maximumPageSize: PAGE_SIZE,
      ...(nextPageToken && { nextPageToken }),
    }),
  );
}

async function readEvents(
  converter: LoadedDataConverter,
  dataKey: Uint8Array,
  events: readonly HistoryEvent[],
): Promise<HistoryPage> {
  const records: StreamRecord[] = [];
  let log: { log?: string } = {};
  let taken: { takenAt?: Date } = {};
  for (const event of events) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName === RECORD_SIGNAL) {
      const record = await decode<StreamRecord | SealedRecord>(converter, signal.input?.payloads?.[0]);
      records.push(openRecord(dataKey, record));
      taken = { takenAt: timeOf(event) };
    }
    const input = event.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (input) log = logOf(await decode<ChatCompletionInput>(converter, input));
    const end = await endOf(converter, event);
    if (end) return { records, closed: { ...end, at: timeOf(event) }, ...log, ...taken };
  }
  return { records, closed: null, ...log, ...taken };
}

function logOf({ log }: ChatCompletionInput): { log?: string } {
  return log === undefined ? {} : { log };
}

async function endOf(converter: LoadedDataConverter, event: HistoryEvent): Promise<ChatCompletionOutput | undefined> {
  switch (event.eventType) {
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: {
      const [result] = event.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
      return decode<ChatCompletionOutput>(converter, result);
    }
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
    case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: {
      const message = 'The answer was cancelled externally.';
      return { end: { type: 'error', error: { code: 'internal', message, param: null } } };
    }
    default:
      return undefined;
  }
}

/** Our own data, authenticated by the codec: its shape is what was written. */
async function decode<Value>(converter: LoadedDataConverter, payload: Payload | null | undefined): Promise<Value> {
  if (!payload) throw new Error('a history event lacks its payload');
  let payloads = [payload];
  for (const codec of converter.payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  const [decoded] = payloads;
  if (!decoded) throw new Error('the codec dropped a payload');
  return converter.payloadConverter.fromPayload<Value>(decoded);
}

function timeOf(event: HistoryEvent): Date {
  const { seconds, nanos } = event.eventTime ?? {};
  return new Date(Number(seconds ?? 0) * 1000 + Math.floor((nanos ?? 0) / 1e6));
}
