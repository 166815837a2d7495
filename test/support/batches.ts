import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { WorkflowHandle } from '@temporalio/client';
import type { ItemRequest } from '../../src/batch/item-request.ts';
import {
  BATCH_START,
  batchWorkflowId,
  INGEST_BATCH_WORKFLOW,
  type IngestBatchInput,
} from '../../src/contract/batch-workflow.ts';
import { BATCH_PRIORITY, WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { requestContext } from '../../src/encryption/contexts.ts';
import { sealJson } from '../../src/encryption/keyring.ts';
import type { Platform } from './platform.ts';

/** A batch and its items as the API writes them before it starts the workflow; each item's image is its text. */
export async function insertBatch(
  platform: Pick<Platform, 'blobs' | 'database' | 'keyring'>,
  images: readonly (string | Partial<ItemRequest>)[],
  archive: Uint8Array | null = null,
): Promise<string> {
  const { blobs, database, keyring } = platform;
  const id = `batch_${randomBytes(16).toString('hex')}`;
  const shared = { tenant: 'test', expiresAt: new Date(Date.now() + 86_400_000), acceptedAt: new Date() };
  const batchKey = keyring.createDataKey();
  await database.batch.create({
    data: {
      ...shared,
      id,
      source: archive ? 'archive' : 'images',
      options: {},
      wrappedKey: batchKey.wrappedKey,
      itemCount: images.length,
      blob: archive ? (await blobs.write(Readable.from([Buffer.from(archive)]), batchKey)).blob : null,
    },
  });
  await addToBatch(platform, id, images);
  return id;
}

/** Rows of items behind those that there are. */
export async function addToBatch(
  { blobs, database, keyring }: Pick<Platform, 'blobs' | 'database' | 'keyring'>,
  id: string,
  images: readonly (string | Partial<ItemRequest>)[],
): Promise<void> {
  const shared = { tenant: 'test', expiresAt: new Date(Date.now() + 86_400_000), acceptedAt: new Date() };
  const first = await database.extraction.count({ where: { batchId: id } });
  const rows = await Promise.all(
    images.map(async (image, offset) => {
      const key = keyring.createDataKey();
      const itemId = `ext_${randomBytes(16).toString('hex')}`;
      const request: ItemRequest = {
        reference_id: null,
        metadata: null,
        name: null,
        custom_id: null,
        image_url: null,
        entry: null,
        ...(typeof image === 'string' ? {} : image),
      };
      return {
        ...shared,
        id: itemId,
        strategy: 'auto',
        options: {},
        wrappedKey: key.wrappedKey,
        sealedRequest: sealJson(key.dataKey, request, requestContext(itemId)),
        batchId: id,
        batchIndex: first + offset,
        blob: typeof image === 'string' ? (await blobs.write(Readable.from([Buffer.from(image)]), key)).blob : null,
      };
    }),
  );
  await database.extraction.createMany({ data: rows });
}

export async function startBatch(
  platform: Platform,
  batchId: string,
  over: Partial<IngestBatchInput> = {},
): Promise<WorkflowHandle> {
  const input: IngestBatchInput = {
    batchId,
    run: 1,
    strategy: 'auto',
    rejectLowQuality: false,
    storeImage: false,
    window: 8,
    historyLimit: 4000,
    position: BATCH_START,
    ...over,
  };
  return platform.temporal.workflow.start(INGEST_BATCH_WORKFLOW, {
    taskQueue: WORKER_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [input],
    priority: { priorityKey: BATCH_PRIORITY },
  });
}

/** Items in their order, as far as tests look at them. */
export function itemsOf(platform: Platform, batchId: string) {
  return platform.database.extraction.findMany({
    where: { batchId },
    orderBy: { batchIndex: 'asc' },
    select: {
      id: true,
      batchIndex: true,
      status: true,
      attempts: true,
      errorCode: true,
      blob: true,
      contentHash: true,
    },
  });
}
