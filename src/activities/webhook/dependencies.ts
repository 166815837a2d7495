import type { Config } from '../../config.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import type { GuardOptions } from '../../media/fetch-guarded.ts';
import type { Database } from '../../storage/database.ts';

/** What the activities of webhooks need. */
export interface WebhookDependencies {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly config: Pick<Config, 'WEBHOOK_SECRET' | 'ALLOW_PRIVATE_URLS'>;
  /** Instead of the guard by the configuration. */
  readonly guard?: GuardOptions | undefined;
  /** Seconds between two tries. Default: from five seconds to twelve hours. */
  readonly pausesSeconds?: readonly number[] | undefined;
  /** Longest wait for a receiver's answer, milliseconds. Default: 10 s. */
  readonly timeoutMs?: number | undefined;
}
