import type { ChatBatchActivities } from '../../contract/chat-batch.ts';
import type { ChatBatchDependencies } from './dependencies.ts';
import { createFinishChatBatch } from './finish.ts';
import { createPrepareLines } from './prepare-lines.ts';
import { createStoreChatLines } from './store-lines.ts';
import { createValidateChatBatch } from './validate.ts';

/** All activities of a batch of chat requests, for the role `worker`. */
export function createChatBatchActivities(dependencies: ChatBatchDependencies): ChatBatchActivities {
  return {
    validateChatBatch: createValidateChatBatch(dependencies),
    ...createPrepareLines(dependencies),
    storeChatLines: createStoreChatLines(dependencies),
    finishChatBatch: createFinishChatBatch(dependencies),
  };
}
