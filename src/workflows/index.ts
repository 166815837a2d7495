// What the workflow bundle exports: the workflow types that a worker can run.
export { chatCompletionWorkflow, storeTranscriptWorkflow } from './chat-completion.ts';
export { extractDocumentWorkflow } from './extract-document.ts';
export { ingestBatchWorkflow } from './ingest-batch.ts';
export { retentionWorkflow } from './retention.ts';
