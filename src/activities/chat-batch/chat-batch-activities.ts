import type { Config } from '../../config.ts';
import type { ChatBatchActivities } from '../../contract/chat-batch.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';
import { createFinishChatBatch } from './finish.ts';
import { createPrepareLines } from './prepare-lines.ts';
import { createStoreChatLines } from './store-lines.ts';
import { createValidateChatBatch } from './validate.ts';

export interface ChatBatchDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly config: Config;
}

/** All activities of a batch of chat requests, for the role `worker`. */
export function createChatBatchActivities(dependencies: ChatBatchDependencies): ChatBatchActivities {
  return {
    validateChatBatch: createValidateChatBatch(dependencies),
    ...createPrepareLines(dependencies),
    storeChatLines: createStoreChatLines(dependencies),
    finishChatBatch: createFinishChatBatch(dependencies),
  };
}
