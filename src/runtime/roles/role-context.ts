import type { Config } from '../../config.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import type { CleanupStack } from './cleanup-stack.ts';

/** What every role of a process shares. */
export interface RoleContext {
  readonly config: Config;
  readonly keyring: Keyring;
  readonly blobs: BlobStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly closers: CleanupStack;
  /** What must work for this process to be ready; roles add theirs. */
  readonly readinessChecks: { readonly component: string; readonly works: () => boolean }[];
}
