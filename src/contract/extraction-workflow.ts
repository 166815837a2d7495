import type { ErrorCode } from '../errors.ts';
import { queryDefinition } from './definitions.ts';
import type { ReviewPolicy } from './review.ts';
import type { Strategy } from './strategies.ts';
import type { WebhookInput } from './webhook.ts';

/**
 * What clients, activities and workflows of an extraction say to each other, once. Names of workflow types, queries and signals are part of
 * recorded histories: changing one breaks running workflows (test/integration/replay.test.ts would show it).
 */

/** Input of `extractDocumentWorkflow`. The wrapped data key travels in the blob's header, not here. */
export interface ExtractDocumentInput {
  readonly extractionId: string;
  /** Reference of the encrypted image in the blob store. */
  readonly blob: string;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  /** false: the image is deleted once the result is stored. */
  readonly storeImage: boolean;
  /** Every card that is seen; absent: the first one. */
  readonly cards?: 'all';
  /** Absent: nobody is to be told. */
  readonly webhook?: WebhookInput;
  /** Which cards are to wait for a person; absent: none. */
  readonly review?: ReviewPolicy;
  /** Told that the card waits. */
  readonly reviewWebhook?: WebhookInput;
}

export const EXTRACTION_STAGES = ['preparing', 'reading', 'generating', 'assembling'] as const;
export type ExtractionStage = (typeof EXTRACTION_STAGES)[number];

/** Why an extraction has no result; code and message are what the caller sees. */
export interface ExtractionFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Output of `extractDocumentWorkflow`; the result itself is in the row. */
export interface ExtractDocumentOutput {
  readonly status: 'succeeded' | 'failed' | 'needs_review';
  /** Highest attempt of any activity. */
  readonly attempts: number;
  readonly error: ExtractionFailure | null;
}

export interface ExtractionState {
  readonly stage: ExtractionStage | null;
  /** 0-1. */
  readonly fraction: number;
  readonly attempt: number;
}

/** Details of the heartbeats of `readCard`, seen by describing the workflow. */
export interface ReadCardProgress {
  readonly stage: ExtractionStage;
  /** 0-1. */
  readonly fraction: number;
}

export const EXTRACT_DOCUMENT_WORKFLOW = 'extractDocumentWorkflow';

/** The workflow's id is made from the row's id, which is random and says nothing of the caller. */
export function extractionWorkflowId(extractionId: string): string {
  return `extraction-${extractionId}`;
}

export const stateQuery = queryDefinition<ExtractionState>('state');
