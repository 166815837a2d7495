import { Readable } from 'node:stream';
import { Context, heartbeat } from '@temporalio/activity';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BatchActivities, FetchedPage } from '../../src/contract/batch-activities.ts';
import { BATCH_START, batchGrownSignal, pauseBatchSignal } from '../../src/contract/batch-workflow.ts';
import type { ReadCardInput, ReadCardOutput } from '../../src/contract/extraction-activities.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { sealJson, unsealJson } from '../../src/encryption/keyring.ts';
import { KtpflowError } from '../../src/errors.ts';
import { countItems } from '../../src/storage/batches.ts';
import { readBlob } from '../../src/storage/blobs.ts';
import { addToBatch, insertBatch, itemsOf, startBatch } from '../support/batches.ts';
import { recordHistory } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

let platform: Platform;
/** Ids in the order in which they were read, with repeats. */
let reads: string[] = [];
let mostAtOnce = 0;
let outage = false;
let hold: Promise<void> | null = null;
/** What activities of a batch wait for before they answer, their work done. */
let late: Partial<Record<keyof BatchActivities, Promise<void>>> = {};
let lists = 0;

/** Reads the item's text and does what it says. */
async function readText(input: ReadCardInput): Promise<ReadCardOutput> {
  const { attempt } = Context.current().info;
  const text = (await readBlob(platform.blobs, input.blob)).toString();
  if (outage) throw new KtpflowError('storage_unavailable', 'down');
  if (text === 'broken store') throw new KtpflowError('storage_unavailable', 'this one always');
  if (text === 'no card') throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
  // The process is killed: no heartbeat, no answer. Its neighbour dies with it each time, as long as it has one.
  if (text === 'poison' || (text === 'neighbour' && ++neighbourDeaths <= 3)) await new Promise(() => undefined);
  while (hold) {
    heartbeat();
    await Promise.race([hold, Context.current().sleep(200)]);
  }
  const key = platform.keyring.unwrapDataKey(await platform.blobs.wrappedKey(input.blob));
  const sealedResult = Buffer.from(sealJson(key, { text }, resultContext(input.extractionId))).toString('base64');
  const timings = { prepare: 1, ocr: 1, generate: 0, assemble: 1 };
  const other = (card: string) => Buffer.from(sealJson(key, { text: card }, resultContext(input.extractionId)));
  const sealedOthers = text === 'sheet' && input.cards === 'all' ? ['two', 'three'].map(other) : [];
  return {
    sealedResult,
    ...(sealedOthers.length > 0 && { sealedOthers: sealedOthers.map((sealed) => sealed.toString('base64')) }),
    timings,
    attempt,
    startedAt: new Date().toISOString(),
  };
}

/** A document at a URL: its first page, and another one that follows at the end of the batch. */
async function fetchDocument({ extractionId }: { readonly extractionId: string }): Promise<FetchedPage> {
  const { batchId, wrappedKey } = await platform.database.extraction.findUniqueOrThrow({ where: { id: extractionId } });
  const key = { dataKey: platform.keyring.unwrapDataKey(wrappedKey), wrappedKey };
  const { blob } = await platform.blobs.write(Readable.from([Buffer.from('page 1')]), key);
  await late.fetchBatchItem;
  await platform.database.extraction.update({ where: { id: extractionId }, data: { blob } });
  await addToBatch(platform, batchId ?? '', ['page 2']);
  return { blob, grown: true };
}

let neighbourDeaths = 0;
let running = 0;

beforeAll(async () => {
  platform = await startPlatform({
    readCard: () => async (input) => {
      reads.push(input.extractionId);
      mostAtOnce = Math.max(mostAtOnce, ++running);
      try {
        return await Promise.race([readText(input), Context.current().cancelled]);
      } finally {
        running--;
      }
    },
    batchActivities: (real) => ({
      ...real,
      fetchBatchItem: fetchDocument,
      showBatchPaused: async (input) => {
        await late.showBatchPaused;
        await real.showBatchPaused(input);
      },
      nextBatchItems: async (input) => {
        const listed = await real.nextBatchItems(input);
        lists++;
        await late.nextBatchItems;
        return listed;
      },
    }),
  });
  platform.startWorkflows();
  platform.startInference();
});
afterAll(() => platform.stop());
afterEach(() => {
  reads = [];
  mostAtOnce = 0;
  outage = false;
  hold = null;
  late = {};
  lists = 0;
});

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

/** A batch of twelve that waits, with nothing else to do, for its row to say that it is paused. */
async function pausedWithLongHistory() {
  let release = () => {};
  hold = new Promise((resolve) => (release = resolve));
  const told = gate();
  late = { showBatchPaused: told.opened };
  const id = await insertBatch(platform, texts(12));
  const handle = await startBatch(platform, id, { window: 2, historyLimit: 20 });
  await expect.poll(() => reads.length).toBe(2);
  for (let times = 0; times < 20; times++) await handle.signal(pauseBatchSignal, true);
  hold = null;
  release();
  await expect.poll(async () => (await countItems(platform.database, [id])).get(id)?.succeeded).toBe(2);
  return { handle, id, told };
}

const texts = (count: number, text = 'card') => Array.from({ length: count }, (_, index) => `${text} ${index}`);
const batchOf = (id: string) => platform.database.batch.findUniqueOrThrow({ where: { id } });
const statusesOf = async (id: string) => (await itemsOf(platform, id)).map((item) => item.status);

// A busy machine may take its time over forty items.
describe('ingest-batch', { timeout: 90_000 }, () => {
  it('reads every item once, in order, and deletes the images', async () => {
    const id = await insertBatch(platform, texts(40));
    const handle = await startBatch(platform, id);
    await handle.result();
    const items = await itemsOf(platform, id);
    expect(items.map(({ status, attempts, blob }) => ({ status, attempts, blob }))).toEqual(
      items.map(() => ({ status: 'succeeded', attempts: 1, blob: null })),
    );
    expect(reads.toSorted()).toEqual(items.map((item) => item.id).toSorted());
    expect(await batchOf(id)).toMatchObject({ status: 'completed', run: 1 });
    expect((await countItems(platform.database, [id])).get(id)).toMatchObject({
      total: 40,
      succeeded: 40,
      queued: 0,
    });
    const row = await platform.database.extraction.findFirstOrThrow({ where: { batchId: id, batchIndex: 12 } });
    const key = platform.keyring.unwrapDataKey(row.wrappedKey);
    expect(unsealJson(key, row.sealedResult ?? new Uint8Array(), resultContext(row.id))).toEqual({ text: 'card 12' });
  });

  it('continues as new when its history grows, and loses nothing', async () => {
    const id = await insertBatch(platform, texts(30));
    const handle = await startBatch(platform, id, { historyLimit: 60 });
    await handle.result();
    expect(await statusesOf(id)).toEqual(texts(30).map(() => 'succeeded'));
    expect(reads).toHaveLength(30);
    let runs: string[] = [];
    // The list follows the histories at a distance.
    const list = async () => {
      runs = [];
      const query = `WorkflowId = '${handle.workflowId}'`;
      for await (const run of platform.temporal.workflow.list({ query })) runs.push(run.runId);
      return runs.length;
    };
    await expect.poll(list).toBeGreaterThan(2);
    const first = platform.temporal.workflow.getHandle(handle.workflowId, runs.at(-1));
    await recordHistory('ingest-batch-continued', first);
  });

  it('fails exactly the bad items, with their codes, and keeps their images for a retry', async () => {
    const id = await insertBatch(
      platform,
      texts(20).map((text, index) => (index % 5 === 0 ? 'no card' : text)),
    );
    const handle = await startBatch(platform, id);
    await handle.result();
    const items = await itemsOf(platform, id);
    const failed = items.filter((item) => item.status === 'failed');
    expect(failed.map((item) => item.batchIndex)).toEqual([0, 5, 10, 15]);
    expect(failed.every((item) => item.errorCode === 'not_a_ktp' && item.attempts === 1 && item.blob)).toBe(true);
    expect(await batchOf(id)).toMatchObject({ status: 'completed' });
    await recordHistory('ingest-batch-failures', handle);

    reads = [];
    await (await startBatch(platform, id, { run: 2 })).result();
    const again = await itemsOf(platform, id);
    expect(reads.toSorted()).toEqual(failed.map((item) => item.id).toSorted());
    expect(again.map((item) => item.attempts)).toEqual(items.map((_, index) => (index % 5 === 0 ? 2 : 1)));
    expect(await batchOf(id)).toMatchObject({ status: 'completed', run: 2 });
    expect((await countItems(platform.database, [id])).get(id)).toMatchObject({ failed: 4, finishedInRun: 4 });
  });

  it('keeps what is finished when it is cancelled, and ends as cancelled', async () => {
    let release = () => {};
    const id = await insertBatch(platform, texts(40));
    const handle = await startBatch(platform, id);
    await expect.poll(() => reads.length).toBeGreaterThan(10);
    hold = new Promise((resolve) => (release = resolve));
    await expect.poll(() => running).toBeGreaterThan(3);
    await handle.cancel();
    await expect(handle.result()).rejects.toSatisfy(
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    release();
    const items = await itemsOf(platform, id);
    const { succeeded, cancelled, total, queued } = (await countItems(platform.database, [id])).get(id) ?? {};
    expect({ total, queued, done: (succeeded ?? 0) + (cancelled ?? 0) }).toEqual({ total: 40, queued: 0, done: 40 });
    expect(succeeded).toBeGreaterThan(0);
    expect(cancelled).toBeGreaterThan(0);
    expect(items.every((item) => item.blob === null)).toBe(true);
    expect(await batchOf(id)).toMatchObject({ status: 'cancelled' });
    await recordHistory('ingest-batch-cancelled', handle);
  });

  it('pauses while the blob store is down, and then goes on: nothing has failed', async () => {
    outage = true;
    const id = await insertBatch(platform, texts(30));
    const handle = await startBatch(platform, id, { window: 4 });
    await expect.poll(() => reads.length).toBeGreaterThan(12);
    // Paused: one item at a time finds out.
    mostAtOnce = 0;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(mostAtOnce).toBeLessThanOrEqual(1);
    outage = false;
    await handle.result();
    expect(await statusesOf(id)).toEqual(texts(30).map(() => 'succeeded'));
    await recordHistory('ingest-batch-outage', handle);
  });

  it('gives the items up that are left after a day of an outage, also where that began in a former run', async () => {
    outage = true;
    const id = await insertBatch(platform, texts(3));
    await (await startBatch(platform, id, { position: { ...BATCH_START, pauses: 1300 } })).result();
    const items = await itemsOf(platform, id);
    expect(items.map(({ errorCode }) => errorCode)).toEqual(items.map(() => 'storage_unavailable'));
    expect(await batchOf(id)).toMatchObject({ status: 'completed' });
  });

  it('fails an item whose image alone cannot be read, instead of waiting for ever', async () => {
    const id = await insertBatch(platform, ['broken store', ...texts(40)]);
    await (await startBatch(platform, id, { window: 2, firstPauseSeconds: 0.2 })).result();
    const [first, ...others] = await itemsOf(platform, id);
    expect(first).toMatchObject({ status: 'failed', errorCode: 'storage_unavailable' });
    expect(others.every((item) => item.status === 'succeeded')).toBe(true);
  });

  it('reads those that a process died over again alone: only the one that kills comes to nothing', async () => {
    const id = await insertBatch(platform, ['poison', 'neighbour', ...texts(10)]);
    await (await startBatch(platform, id)).result();
    const [poison, neighbour, ...others] = await itemsOf(platform, id);
    expect(poison).toMatchObject({ status: 'failed', errorCode: 'internal', attempts: 5 });
    expect(neighbour).toMatchObject({ status: 'succeeded', attempts: 4 });
    expect(others.every((item) => item.status === 'succeeded')).toBe(true);
  });

  it('finishes what is being read when it is paused, begins nothing more, and goes on when it is let', async () => {
    let release = () => {};
    hold = new Promise((resolve) => (release = resolve));
    const id = await insertBatch(platform, texts(40));
    const handle = await startBatch(platform, id, { window: 4 });
    await expect.poll(() => reads.length).toBe(4);
    await handle.signal(pauseBatchSignal, true);
    await expect.poll(async () => (await batchOf(id)).status).toBe('paused');
    release();
    hold = null;
    const finished = async () => (await countItems(platform.database, [id])).get(id)?.succeeded;
    await expect.poll(finished, { timeout: 10_000 }).toBe(4);
    // A pause that does not hold would have read dozens by now.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(reads).toHaveLength(4);
    expect(await batchOf(id)).toMatchObject({ status: 'paused', finishedAt: null });
    await handle.signal(pauseBatchSignal, true);
    await handle.signal(pauseBatchSignal, false);
    await handle.result();
    expect(await statusesOf(id)).toEqual(texts(40).map(() => 'succeeded'));
    expect(reads).toHaveLength(40);
    expect(await batchOf(id)).toMatchObject({ status: 'completed' });
    await recordHistory('ingest-batch-paused', handle);
  });

  it('stays paused over continue-as-new, and can be cancelled then', async () => {
    const id = await insertBatch(platform, texts(60));
    const handle = await startBatch(platform, id, { historyLimit: 40 });
    await handle.signal(pauseBatchSignal, true);
    await expect.poll(async () => (await batchOf(id)).status).toBe('paused');
    // Each makes the history longer; the runs that follow must not forget.
    for (let times = 0; times < 30; times++) await handle.signal(pauseBatchSignal, true);
    const runs = async () => {
      const ids: string[] = [];
      for await (const run of platform.temporal.workflow.list({ query: `WorkflowId = '${handle.workflowId}'` })) {
        ids.push(run.runId);
      }
      return ids.length;
    };
    await expect.poll(runs, { timeout: 10_000 }).toBeGreaterThan(1);
    const readSoFar = reads.length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(reads).toHaveLength(readSoFar);
    const current = platform.temporal.workflow.getHandle(handle.workflowId);
    await current.cancel();
    await expect(current.result()).rejects.toThrow();
    expect(await batchOf(id)).toMatchObject({ status: 'cancelled' });
    const counts = (await countItems(platform.database, [id])).get(id);
    expect(counts).toMatchObject({ total: 60, queued: 0, succeeded: readSoFar, cancelled: 60 - readSoFar });
  });

  it('cancelled while it tells that it is paused, just before it continues as new, ends as cancelled', async () => {
    const { handle, id, told } = await pausedWithLongHistory();
    await handle.cancel();
    told.open();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(await batchOf(id)).toMatchObject({ status: 'cancelled' });
    expect(await statusesOf(id)).not.toContain('queued');
  });

  it('resumed while it tells that it is paused, just before it continues as new, goes on', async () => {
    const { handle, id, told } = await pausedWithLongHistory();
    await handle.signal(pauseBatchSignal, false);
    told.open();
    await handle.result();
    expect(await statusesOf(id)).toEqual(texts(12).map(() => 'succeeded'));
    expect(await batchOf(id)).toMatchObject({ status: 'completed' });
  });

  it('does not keep the images of a batch that is paused for ever', async () => {
    const id = await insertBatch(platform, texts(10));
    const handle = await startBatch(platform, id, { longestIdleMs: 1_000, window: 1 });
    await handle.signal(pauseBatchSignal, true);
    await expect(handle.result()).rejects.toThrow();
    expect(await batchOf(id)).toMatchObject({ status: 'cancelled' });
    expect((await itemsOf(platform, id)).every((item) => item.blob === null)).toBe(true);
  });

  it('reads what is added until it is sealed, and ends only then', async () => {
    const id = await insertBatch(platform, texts(3));
    await platform.database.batch.update({ where: { id }, data: { sealed: false } });
    const handle = await startBatch(platform, id);
    const finished = async () => (await countItems(platform.database, [id])).get(id)?.succeeded;
    await expect.poll(finished, { timeout: 10_000 }).toBe(3);
    await addToBatch(platform, id, texts(20, 'more'));
    await handle.signal(batchGrownSignal);
    await expect.poll(finished, { timeout: 10_000 }).toBe(23);
    expect(await batchOf(id)).toMatchObject({ status: 'running' });
    // Nobody has told the workflow of these: sealing does.
    await addToBatch(platform, id, texts(2, 'last'));
    await platform.database.batch.update({ where: { id }, data: { sealed: true } });
    await handle.signal(batchGrownSignal);
    await handle.result();
    expect(await finished()).toBe(25);
    expect(reads).toHaveLength(25);
    expect(await batchOf(id)).toMatchObject({ status: 'completed' });
    await recordHistory('ingest-batch-grown', handle);
  });

  it('reads the pages of a document that is fetched while the last items are listed', async () => {
    const id = await insertBatch(platform, ['card', { image_url: 'https://a.example/scan.pdf' }]);
    const [fetched, listed] = [gate(), gate()];
    late = { fetchBatchItem: fetched.opened };
    const handle = await startBatch(platform, id);
    await expect.poll(() => reads.length).toBe(1);
    late = { ...late, nextBatchItems: listed.opened };
    // As where there are more items than a list holds.
    await handle.signal(batchGrownSignal);
    await expect.poll(() => lists).toBe(2);
    fetched.open();
    await expect.poll(() => reads.length).toBe(2);
    listed.open();
    await handle.result();
    expect(await statusesOf(id)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('ends with what it has when nothing is added for long: what comes too late is cancelled, never forgotten', async () => {
    const id = await insertBatch(platform, texts(2));
    await platform.database.batch.update({ where: { id }, data: { sealed: false } });
    const handle = await startBatch(platform, id, { longestIdleMs: 1_000 });
    await expect.poll(() => reads.length, { timeout: 10_000 }).toBe(2);
    await addToBatch(platform, id, ['late']);
    await handle.result();
    expect(await statusesOf(id)).toEqual(['succeeded', 'succeeded', 'cancelled']);
    expect(await batchOf(id)).toMatchObject({ status: 'completed', sealed: true });
  });

  it('makes an item of each further card that an item shows, with its own result under its own key', async () => {
    const id = await insertBatch(platform, ['a', 'sheet', 'b']);
    await (await startBatch(platform, id, { cards: 'all' })).result();
    const rows = await platform.database.extraction.findMany({
      where: { batchId: id },
      orderBy: { batchIndex: 'asc' },
    });
    const opened = rows.map((row) => {
      const key = platform.keyring.unwrapDataKey(row.wrappedKey);
      return [
        row.batchIndex,
        row.status,
        row.blob,
        unsealJson(key, row.sealedResult ?? new Uint8Array(), resultContext(row.id)),
      ];
    });
    expect(opened).toEqual(
      ['a', 'sheet', 'b', 'two', 'three'].map((text, index) => [index, 'succeeded', null, { text }]),
    );
    expect(await batchOf(id)).toMatchObject({ status: 'completed', itemCount: 5 });
  });

  it('ends quietly when the batch is deleted while it runs', async () => {
    let release = () => {};
    hold = new Promise((resolve) => (release = resolve));
    const id = await insertBatch(platform, texts(60));
    const handle = await startBatch(platform, id);
    await expect.poll(() => running).toBeGreaterThan(3);
    await platform.database.batch.delete({ where: { id } });
    hold = null;
    release();
    await handle.result();
    expect(await platform.database.extraction.count({ where: { batchId: id } })).toBe(0);
  });
});
