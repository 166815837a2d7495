import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchRun } from '../../src/activities/batch/batch-run.ts';
import type { BatchDependencies } from '../../src/activities/batch/item-images.ts';
import { storePages } from '../../src/activities/batch/store-pages.ts';
import { openReview } from '../../src/activities/review/open-review.ts';
import { createSendDelivery } from '../../src/activities/webhook/send-delivery.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { Keyring, sealJson } from '../../src/encryption/keyring.ts';
import type { BlobStore } from '../../src/storage/blobs.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { type DeliveryAttempt, insertDelivery } from '../../src/storage/webhook-deliveries.ts';
import { insertBatch } from '../support/batches.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../support/memory-database.ts';
import { specimenResult } from '../support/results.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 3 * DAY_MS;
const PAGES = 3;
const document = Buffer.from('a document of three pages');
const keyring = new Keyring([{ id: 'test', secret: Buffer.alloc(32, 7) }]);
const folder = mkdtempSync(join(tmpdir(), 'ktpflow-once-'));
let pglite: PGlite;
let database: Database;
let blobs: FileBlobStore;
let dependencies: BatchDependencies;

beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
  blobs = await FileBlobStore.open(folder, keyring);
  dependencies = {
    database,
    blobs,
    keyring,
    limits: { maxBytes: 1_000_000, maxMegapixels: 10 },
    fetchTimeoutMs: 1_000,
    allowPrivateUrls: false,
    maxItems: 100,
    retentionMs: RETENTION_MS,
  };
});
afterAll(async () => {
  await returnMemoryDatabase(pglite);
  rmSync(folder, { recursive: true });
});

const itemsOf = (batchId: string) =>
  database.extraction.findMany({ where: { batchId }, orderBy: { batchIndex: 'asc' } });
const batchOf = (id: string) => database.batch.findUniqueOrThrow({ where: { id } });

async function firstItemOf(batchId: string) {
  const [item] = await itemsOf(batchId);
  if (!item) throw new Error('the batch has no items');
  return { ...item, batchId };
}

/** What the blob store holds. */
async function stored(): Promise<Set<string>> {
  const all = new Set<string>();
  for await (const blob of blobs.listOlderThan(new Date(Date.now() + 60_000))) all.add(blob);
  return all;
}

describe('a document of several pages', () => {
  const fetched = { image_url: 'https://a.example/scan.pdf' };

  it('becomes items once, where an attempt that was taken for dead goes on beside the next one', async () => {
    const id = await insertBatch(dependencies, [fetched]);
    const row = await firstItemOf(id);
    const before = await stored();
    const attempts = await Promise.allSettled([1, 2].map(() => storePages(dependencies, row, document, PAGES)));
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const failed = attempts.find((attempt) => attempt.status === 'rejected');
    expect(failed?.reason).toMatchObject({ retryable: true });
    expect((await itemsOf(id)).map(({ batchIndex }) => batchIndex)).toEqual([0, 1, 2]);
    expect(await batchOf(id)).toMatchObject({ itemCount: PAGES });
    expect(await database.batchDocument.count({ where: { batchId: id } })).toBe(1);
    expect((await stored()).size).toBe(before.size + 1);
  });

  it('leaves nothing where its batch is cancelled while it is stored', async () => {
    const id = await insertBatch(dependencies, [fetched]);
    const row = await firstItemOf(id);
    const before = await stored();
    const run = createBatchRun(dependencies);
    const slow: BlobStore = Object.create(blobs, {
      delete: { value: (blob: string) => blobs.delete(blob) },
      write: {
        value: async (...written: Parameters<BlobStore['write']>) => {
          const blob = await blobs.write(...written);
          await new MockActivityEnvironment().run(run.cancelBatchItems, { batchId: id });
          await run.finishBatch({ batchId: id, run: 1, status: 'cancelled' });
          return blob;
        },
      },
    });
    await expect(storePages({ ...dependencies, blobs: slow }, row, document, PAGES)).rejects.toMatchObject({
      retryable: true,
    });
    expect((await itemsOf(id)).map(({ status }) => status)).toEqual(['cancelled']);
    expect(await batchOf(id)).toMatchObject({ status: 'cancelled', itemCount: 1 });
    expect(await database.batchDocument.count({ where: { batchId: id } })).toBe(0);
    expect(await stored()).toEqual(before);
  });
});

describe('the end of a batch', () => {
  it('takes the image of an item that was fetched just before the item was cancelled', async () => {
    const before = await stored();
    const id = await insertBatch(dependencies, ['fetched too late', 'read before']);
    const [late, read] = await itemsOf(id);
    await database.extraction.update({ where: { id: late?.id ?? '' }, data: { status: 'cancelled' } });
    await database.extraction.update({ where: { id: read?.id ?? '' }, data: { status: 'succeeded' } });
    await createBatchRun(dependencies).finishBatch({ batchId: id, run: 1, status: 'cancelled' });
    expect((await itemsOf(id)).map(({ blob }) => blob)).toEqual([null, read?.blob]);
    expect(await stored()).toEqual(new Set([...before, read?.blob]));
  });

  it('leaves no item waiting in a batch that nothing runs any more, whichever attempt comes to it', async () => {
    const id = await insertBatch(dependencies, ['came in the last moment']);
    // By an attempt that died then.
    await database.batch.update({ where: { id }, data: { status: 'completed', finishedAt: new Date() } });
    await createBatchRun(dependencies).finishBatch({ batchId: id, run: 1, status: 'completed' });
    expect((await itemsOf(id)).map(({ blob, status }) => ({ blob, status }))).toEqual([
      { blob: null, status: 'cancelled' },
    ]);
  });

  it('is not that of the run after it', async () => {
    const id = await insertBatch(dependencies, ['read again']);
    await database.batch.update({ where: { id }, data: { status: 'running', run: 2 } });
    await createBatchRun(dependencies).finishBatch({ batchId: id, run: 1, status: 'completed' });
    expect((await itemsOf(id)).map(({ status }) => status)).toEqual(['queued']);
  });
});

describe('a card that is to wait for a person', () => {
  const policy = {
    mode: 'always',
    threshold: 0.5,
    thresholds: {},
    timeoutSeconds: 3600,
    onTimeout: 'deliver',
  } as const;

  async function readCard() {
    const { id: extractionId, wrappedKey } = await firstItemOf(await insertBatch(dependencies, ['doubtful']));
    const dataKey = keyring.unwrapDataKey(wrappedKey);
    const sealed = sealJson(dataKey, await specimenResult(), resultContext(extractionId));
    const outcome = {
      status: 'succeeded',
      sealedResult: Buffer.from(sealed).toString('base64'),
      timings: { prepare: 1, ocr: 1, generate: 0, assemble: 1 },
      startedAt: new Date().toISOString(),
    } as const;
    return { extractionId, attempts: 1, outcome, review: { ...policy }, storeImage: false };
  }

  it('waits once, where an attempt that was taken for dead is the faster one', async () => {
    const card = await readCard();
    let faster: unknown;
    const overtaken = database.$extends({
      query: {
        extraction: {
          async findUnique({ args, query }) {
            const row = await query(args);
            faster ??= await openReview(dependencies, card);
            return row;
          },
        },
      },
    }) as unknown as Database;
    const slower = await openReview({ ...dependencies, database: overtaken }, card);
    expect(slower).toEqual(faster);
    const { round } = await database.review.findUniqueOrThrow({ where: { extractionId: card.extractionId } });
    expect(slower).toMatchObject({ round });
  });

  it('is kept no longer for having been read again often', async () => {
    const card = await readCard();
    const where = { id: card.extractionId };
    await database.extraction.update({ where, data: { expiresAt: new Date(Date.now() + 9 * DAY_MS) } });
    await openReview(dependencies, card);
    const { expiresAt } = await database.extraction.findUniqueOrThrow({ where });
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + RETENTION_MS + policy.timeoutSeconds * 1000);
  });
});

describe('a webhook', () => {
  const PAUSES_SECONDS = [11, 12, 13, 14, 15, 16, 17];
  let answer = 200;
  let received = 0;
  const receiver = createServer((request, response) => {
    received++;
    request.resume();
    response.writeHead(answer).end();
  });
  beforeAll(() => new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => receiver.close(resolve)));

  const send = (on: Database, info: { readonly attempt: number; readonly heartbeatDetails?: unknown }) => {
    const environment = new MockActivityEnvironment(info);
    let left: unknown;
    environment.on('heartbeat', (details: unknown) => {
      left = details;
    });
    const config = { WEBHOOK_SECRET: [`whsec_${Buffer.alloc(32, 1).toString('base64')}`], ALLOW_PRIVATE_URLS: true };
    const sendDelivery = createSendDelivery({ database: on, keyring, config, pausesSeconds: PAUSES_SECONDS });
    return async (input: Parameters<typeof sendDelivery>[0]) => {
      const failure = await environment.run(sendDelivery, input).then(
        () => null,
        (error: unknown) => error,
      );
      return { failure, left };
    };
  };

  async function insert(id: string, tries = 0): Promise<void> {
    const { port } = receiver.address() as AddressInfo;
    await insertDelivery(database, keyring, {
      id,
      subject: id,
      tenant: 'test',
      target: { url: `http://127.0.0.1:${port}/`, includeResult: false },
      body: {
        type: 'batch.finished',
        timestamp: '2026-11-26T10:00:00Z',
        data: { id, object: 'ktp.batch', status: '' },
      },
      expiresAt: new Date(Date.now() + DAY_MS),
    });
    const attempt = (index: number): DeliveryAttempt => ({
      at: new Date(index).toISOString(),
      status_code: 500,
      error: null,
      duration_ms: 1,
    });
    const attempts = Array.from({ length: tries }, (_, index) => ({ ...attempt(index) }));
    await database.webhookDelivery.update({ where: { id }, data: { attempts } });
  }

  it('is sent once, where the database is away just when that was to be noted', async () => {
    await insert('unnoted');
    answer = 200;
    received = 0;
    const away = database.$extends({
      query: {
        $executeRaw: () => {
          throw new Error('away');
        },
      },
    }) as unknown as Database;
    const first = await send(away, { attempt: 1 })({ deliveryId: 'unnoted', triedBefore: 0 });
    expect(first.failure).toBeInstanceOf(Error);
    const second = await send(database, { attempt: 2, heartbeatDetails: first.left })({
      deliveryId: 'unnoted',
      triedBefore: 0,
    });
    expect(second.failure).toBeNull();
    expect(received).toBe(1);
    const row = await database.webhookDelivery.findUniqueOrThrow({ where: { id: 'unnoted' } });
    expect(row).toMatchObject({ status: 'delivered', attempts: [{ status_code: 200 }] });
  });

  it('has eight tries, whatever an outage of the database took away, and eight more when it is told again', async () => {
    answer = 500;
    await insert('long outage');
    const late = await send(database, { attempt: 30 })({ deliveryId: 'long outage', triedBefore: 0 });
    expect(late.failure).toMatchObject({ nonRetryable: false, nextRetryDelay: 11_000 });
    await insert('seven tries', 7);
    const last = await send(database, { attempt: 1 })({ deliveryId: 'seven tries', triedBefore: 0 });
    expect(last.failure).toMatchObject({ nonRetryable: true });
    await insert('told again', 8);
    const again = await send(database, { attempt: 1 })({ deliveryId: 'told again', triedBefore: 8 });
    expect(again.failure).toMatchObject({ nonRetryable: false, nextRetryDelay: 11_000 });
  });
});
