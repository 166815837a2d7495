import type { Config } from '../../config.ts';
import type { BatchActivities } from '../../contract/batch-activities.ts';
import type { OutcomeMetrics } from '../extraction/store-result.ts';
import { createBatchRun } from './batch-run.ts';
import { createFetchBatchItem } from './fetch-item.ts';
import type { BatchDependencies } from './item-images.ts';
import { createNextBatchItems } from './next-items.ts';
import { createStoreBatchResults } from './store-results.ts';

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What the activities need, by the configuration. */
export function batchDependencies(
  config: Config,
  parts: Pick<BatchDependencies, 'database' | 'blobs' | 'keyring'>,
): BatchDependencies {
  return {
    ...parts,
    limits: { maxBytes: config.MAX_IMAGE_MB * MEBIBYTE, maxMegapixels: config.MAX_IMAGE_MEGAPIXELS },
    fetchTimeoutMs: config.FETCH_TIMEOUT_SECONDS * 1000,
    allowPrivateUrls: config.ALLOW_PRIVATE_URLS,
    maxItems: config.MAX_BATCH_ITEMS,
    retentionMs: config.RETENTION_DAYS * DAY_MS,
  };
}

/** All activities of a batch, for the role `worker`. */
export function createBatchActivities(dependencies: BatchDependencies, metrics?: OutcomeMetrics): BatchActivities {
  return {
    ...createBatchRun(dependencies),
    nextBatchItems: createNextBatchItems(dependencies),
    fetchBatchItem: createFetchBatchItem(dependencies),
    storeBatchResults: createStoreBatchResults({ ...dependencies, metrics }),
  };
}
