import type { Config } from '../../config.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { Database } from '../../storage/database.ts';

/** What the activities of a batch of chat requests need. */
export interface ChatBatchDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly config: Config;
}
