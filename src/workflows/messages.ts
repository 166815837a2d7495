import { defineQuery } from '@temporalio/workflow';
import type { ErrorCode } from '../errors.ts';

/**
 * What clients and workflows say to each other, once. Names of workflow types, queries and signals are part of
 * recorded histories: changing one breaks running workflows (test/integration/replay.test.ts would show it).
 */

/** Task queue of the role `worker`: workflows, and activities that need the database. */
export const WORKER_TASK_QUEUE = 'ktpflow';
/** Task queue of the role `inference`: images, OCR, VLM. */
export const INFERENCE_TASK_QUEUE = 'ktpflow-inference';

/** Task queue of inference processes for probes, which must not wait behind cards. */
export const PROBE_TASK_QUEUE = 'ktpflow-probe';

/** Temporal priority keys: lower is sooner. */
export const INTERACTIVE_PRIORITY = 1;
export const BATCH_PRIORITY = 5;

export const STRATEGIES = ['auto', 'ocr', 'vlm', 'hybrid'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Input of `extractDocumentWorkflow`. The wrapped data key travels in the blob's header, not here. */
export interface ExtractDocumentInput {
  readonly extractionId: string;
  /** Reference of the encrypted image in the blob store. */
  readonly blob: string;
  readonly strategy: Strategy;
  readonly rejectLowQuality: boolean;
  /** false: the image is deleted once the result is stored. */
  readonly storeImage: boolean;
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
  readonly status: 'succeeded' | 'failed';
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

export const stateQuery = defineQuery<ExtractionState>('state');

/** One engine of an inference process. */
export interface EngineStatus {
  readonly id: string;
  readonly kind: 'ppocr' | 'onnx' | 'openai';
  /** The name of /v1/models that it answers to. */
  readonly modelId: string;
  readonly ready: boolean;
  readonly error: string | null;
  /** Prompt and answer together, in tokens; null where it is not known. */
  readonly contextLength: number | null;
  /** What is wrong with it although it answers. Absent in answers of an older version, as the next one. */
  readonly warning?: string;
  /** What the model's tokenizer says that the model takes, in tokens. */
  readonly tokenizerMaxLength?: number;
}

/** Name of the activity on {@link PROBE_TASK_QUEUE}; run by itself, without a workflow. */
export const PROBE_ENGINES_ACTIVITY = 'probeEngines';
