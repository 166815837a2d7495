import type { StreamEnd } from '../chat/stream-log.ts';
import type { BlobReference } from './blob-reference.ts';
import type { StoreTranscriptInput } from './chat-workflow.ts';

/** Inputs of the activities of a chat completion: what stands in histories. */

export interface GenerateAnswerInput {
  readonly blob: BlobReference;
  readonly model: string;
  /** Number of this activity in its workflow, from 1; with the attempt it makes the epoch of what is recorded. */
  readonly sequence: number;
  /** As in the workflow's input. */
  readonly sealed?: true;
  /** Workflow id of the stream's log. Absent: the workflow that scheduled the activity. */
  readonly log?: string;
}

/** Chat activities of the role `inference`. */
export interface GenerationActivities {
  /**
   * Records the answer in its log, up to its end.
   * @returns the recorded end; nothing where the log takes no records any more
   */
  generateAnswer(input: GenerateAnswerInput): Promise<StreamEnd | undefined>;
}

/** Chat activities of the role `worker`, which need the database. */
export interface TranscriptActivities {
  storeTranscript(input: StoreTranscriptInput): Promise<void>;
}
