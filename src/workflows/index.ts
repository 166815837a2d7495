// What the workflow bundle exports: the workflow types that a worker can run.

export { ingestBatchWorkflow } from './batch/ingest-batch.ts';
export { chatBatchWorkflow } from './chat-batch/chat-batch.ts';
export { chatCompletionWorkflow, storeTranscriptWorkflow } from './chat-completion.ts';
export { extractDocumentWorkflow } from './extract-document.ts';
export { retentionWorkflow } from './retention.ts';
export { reviewWorkflow } from './review.ts';
export { webhookWorkflow } from './webhook.ts';
