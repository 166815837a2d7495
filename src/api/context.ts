import type { Client } from '@temporalio/client';
import type { Config } from '../config.ts';
import type { Keyring } from '../encryption/keyring.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { BlobStore } from '../storage/blobs.ts';
import type { Database } from '../storage/database.ts';
import type { StoredOutcomes } from '../storage/stored-outcomes.ts';
import type { AccessLog } from './access/access-log.ts';
import type { Admission } from './access/admission.ts';
import type { Authenticator } from './access/authentication.ts';

/** What the API is given. It holds no state that matters: all of this may be shared with other API processes. */
export interface ApiContext {
  readonly config: Config;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly keyring: Keyring;
  readonly temporal: Client;
  /** A client on the connection of the workflow worker in this process, while there is one. */
  readonly workerClient?: () => Client | undefined;
  /** What the worker in this process has stored, where there is one. */
  readonly outcomes?: StoredOutcomes;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What takes an image in. */
export type StoreContext = Pick<ApiContext, 'blobs' | 'config' | 'logger'>;

/** What takes a request in, with the images and files that it brings or names. */
export type ReceiveContext = StoreContext & Pick<ApiContext, 'database' | 'keyring'>;

/** What there is for route groups: each names the part of it that it touches, a test checks that. */
export interface RouteContext extends ApiContext {
  readonly authenticator: Authenticator;
  readonly accessLog: AccessLog;
  /** Requests that wait for an answer, or for the first piece of one. */
  readonly admission: Admission;
  /** Bytes that are being received. */
  readonly uploads: Admission;
  /** What was last left out of a conversation that this process answered, for /health. */
  readonly shortened: { last: (object & { readonly at: string }) | null };
  /**
   * Aborted when the process is asked to stop: long polls answer with what they have, live streams end with an error
   * event, graces after a disconnect end.
   */
  readonly closing: AbortSignal;
}
