import type { Generation } from '../chat/generation.ts';
import type { BlobReference } from './blob-reference.ts';

/** What clients, activities and workflows of a batch of chat requests say to each other. */

export const CHAT_BATCH_WORKFLOW = 'chatBatchWorkflow';

export function chatBatchWorkflowId(batchId: string): string {
  return `chat-batch-${batchId}`;
}

/** Input of `chatBatchWorkflow`. */
export interface ChatBatchInput {
  readonly batchId: string;
  /** Milliseconds since the epoch: what is not done then is given up. */
  readonly deadline: number;
  /** Lines at once. */
  readonly window: number;
  /** Events of a history after which the workflow continues as new. */
  readonly historyLimit: number;
  /** Length of the first pause before a line is tried again, seconds; each next one is longer. Default 2. */
  readonly firstPauseSeconds?: number;
  /** Lines up to this one are done; null: the file is to be checked first. */
  readonly after: number | null;
}

/** A line that is ready to run: its request in the blob store, its row written. */
export interface PreparedLine {
  readonly line: number;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly generation: Generation;
  readonly sessionHash: string;
  readonly blob: BlobReference;
  readonly taskQueue: string;
}

/** A line whose generation has ended. */
export interface EndedLine {
  readonly line: number;
  readonly generation: Generation;
  readonly workflowId: string;
  readonly runId: string;
}

export type ChatBatchEnd = 'completed' | 'cancelled' | 'expired' | 'failed';

/** Activities of the role `worker`. All of them may be repeated without harm. */
export interface ChatBatchActivities {
  /** Checks the input file and writes a row a line. `accepted` false: the batch has failed, and says why. */
  validateChatBatch(input: { readonly batchId: string }): Promise<{ readonly accepted: boolean }>;
  /** The next lines without an outcome; what is no valid request gets its outcome here. */
  prepareChatLines(input: {
    readonly batchId: string;
    readonly after: number;
    readonly limit: number;
  }): Promise<{ readonly lines: readonly PreparedLine[]; readonly last: number; readonly more: boolean }>;
  /** The same line once more; null: it is not to be run any more. */
  prepareChatLine(input: {
    readonly batchId: string;
    readonly line: number;
    readonly attempt: number;
  }): Promise<PreparedLine | null>;
  storeChatLines(input: { readonly batchId: string; readonly lines: readonly EndedLine[] }): Promise<void>;
  /** Writes the output files; after it the batch is final. */
  finishChatBatch(input: { readonly batchId: string; readonly end: ChatBatchEnd }): Promise<void>;
}
