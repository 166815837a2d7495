import type { StreamEnd, StreamRecord } from '../chat/stream-log.ts';
import { queryDefinition, signalDefinition } from './definitions.ts';
import type { WebhookInput } from './webhook.ts';

/** What clients, activities and chat workflows say to each other; see extraction-workflow.ts for the rule on names. */

export const CHAT_COMPLETION_WORKFLOW = 'chatCompletionWorkflow';

/** A process with readers says so this often; one that was killed is missed after it. */
export const LEASE_RENEWAL_MS = 30_000;

/** Input of `chatCompletionWorkflow`. The request itself is an encrypted blob: it may be 25 MB. */
export interface ChatCompletionInput {
  readonly generationId: string;
  readonly blob: string;
  readonly model: string;
  /** Where the model runs. */
  readonly taskQueue: string;
  /** The API process that started it, and has its first reader. */
  readonly holder: string;
  /** Time without any reader after which the answer is cancelled. */
  readonly disconnectLimitMs: number;
  /** Absent: interactive. */
  readonly priorityKey?: number;
  /** Pieces are recorded sealed. Absent: started by a version that cannot read such. */
  readonly sealed?: true;
  /**
   * Workflow id of the stream's log, a run of its own that its writer starts. Absent: the answer is recorded in the
   * history of its workflow.
   */
  readonly log?: string;
  /** false: whoever started it takes the answer from the history. Absent: it is stored for replays. */
  readonly transcript?: boolean;
  /** To be told once the answer is stored. */
  readonly webhook?: WebhookInput;
}

/** Output of `chatCompletionWorkflow`: readers take the end from here where no activity was left to record one. */
export interface ChatCompletionOutput {
  readonly end: StreamEnd;
  /** true: there was no log when the workflow gave the end; one that came later counts for nothing. */
  readonly withoutLog?: boolean;
}

/** Input of `storeTranscriptWorkflow`. */
export interface StoreTranscriptInput {
  readonly generationId: string;
  /** The ended run whose history is the stream. */
  readonly workflowId: string;
  readonly runId: string;
  readonly webhook?: WebhookInput;
}

/** Whether an API process has readers of this stream. */
export interface ReaderLease {
  readonly holder: string;
  readonly held: boolean;
}

/**
 * Answer of the query `state`, for tools: how far an answer is. Readers follow the histories instead, and have the key to
 * the text.
 */
export interface ChatState {
  /** Recorded in the workflow's own history. */
  readonly pieces: number;
  /** Workflow id of the log that holds the others. */
  readonly log: string | null;
  readonly end: StreamEnd | null;
}

/** One workflow id a session, one run an answer. The hash is made of tenant and session id. */
export function chatWorkflowId(sessionHash: string): string {
  return `chat-${sessionHash}`;
}

/** A stream's log: a run that no worker ever runs, so that each record costs one event and no workflow task. */
export const STREAM_LOG_WORKFLOW = 'streamLog';
export function streamLogWorkflowId(generationId: string): string {
  return `stream-${generationId}`;
}

/** The workflow that stores an ended answer's transcript. */
export function transcriptWorkflowId(generationId: string): string {
  return `transcript-${generationId}`;
}

/** A record whose pieces are sealed with the answer's data key: see stream-history/sealed-records.ts. */
export interface SealedRecord extends Omit<StreamRecord, 'pieces'> {
  /** How many pieces it holds. */
  readonly count: number;
  /** Base64. */
  readonly sealed: string;
}

export const RECORD_SIGNAL = 'record';
export const recordSignal = signalDefinition<[StreamRecord | SealedRecord]>(RECORD_SIGNAL);
export const leaseSignal = signalDefinition<[ReaderLease]>('lease');
export const chatStateQuery = queryDefinition<ChatState>('state');
