// Batches check their lines by the same rules, in another process.
export { checkOcrRequest, modelNames, requireModel, taskQueueOf } from '../../contract/chat-models.ts';
