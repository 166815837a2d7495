import { mkdtempSync, rmSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { PGlite } from '@electric-sql/pglite';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRemoveExpired } from '../../src/activities/retention/remove-expired.ts';
import { createRemoveOrphans } from '../../src/activities/retention/remove-orphaned-blobs.ts';
import { findBatch } from '../../src/api/batches/find-batch.ts';
import { findExtraction } from '../../src/api/extractions/find-extraction.ts';
import { batchWorkflowId } from '../../src/contract/batch-workflow.ts';
import { chatBatchWorkflowId } from '../../src/contract/chat-batch.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { beginRun } from '../../src/storage/batches.ts';
import { generationRow, KEPT_BY_BATCH } from '../../src/storage/chat-sessions.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { Prisma } from '../../src/storage/generated/client.ts';
import { insertBatch } from '../support/batches.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../support/memory-database.ts';

const HOUR_MS = 3_600_000;
const keyring = new Keyring([{ id: 'test', secret: Buffer.alloc(32, 7) }]);
const folder = mkdtempSync(join(tmpdir(), 'ktpflow-retention-'));
let pglite: PGlite;
let database: Database;
let blobs: FileBlobStore;

beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
  blobs = await FileBlobStore.open(folder, keyring);
});
afterAll(async () => {
  await returnMemoryDatabase(pglite);
  rmSync(folder, { recursive: true });
});

/** Workflows that Temporal knows; all of them go on. */
const running = new Set<string>();
const findRun = async (id: string) => (running.has(id) ? { memo: undefined, open: true } : null);
const run = () => new MockActivityEnvironment().run(createRemoveExpired(database, blobs, findRun));
const sweep = () => new MockActivityEnvironment().run(createRemoveOrphans(database, blobs));
/** Makes every file old enough to be an orphan. */
const grow = async () => {
  const old = new Date(Date.now() - 2 * HOUR_MS);
  for await (const blob of blobs.listOlderThan(new Date(Date.now() + 1000))) {
    await utimes(join(folder, blob.slice(0, 2), blob), old, old);
  }
};
const insert = (archive: Uint8Array | null = null) => insertBatch({ database, blobs, keyring }, ['a', 'b'], archive);
const exists = async (id: string) => (await database.batch.count({ where: { id } })) === 1;
const itemsOf = (batchId: string) => database.extraction.findMany({ where: { batchId } });

describe('the removal of what has expired', () => {
  it('takes an expired batch with its items, images and archive, and leaves others alone', async () => {
    const kept = await insert();
    const expired = await insert(Buffer.from('archive'));
    const past = new Date(Date.now() - 1000);
    await database.batch.update({ where: { id: expired }, data: { status: 'completed' } });
    const images = (await itemsOf(expired)).map((item) => item.blob ?? '');
    const { blob: archive } = await database.batch.update({ where: { id: expired }, data: { expiresAt: past } });
    await database.extraction.updateMany({ where: { batchId: expired }, data: { expiresAt: past } });
    expect(await run()).toMatchObject({ expired: 3, abandoned: 0 });
    expect([await exists(kept), await exists(expired)]).toEqual([true, false]);
    expect(await itemsOf(kept)).toHaveLength(2);
    for (const blob of [...images, archive ?? ''])
      await expect(blobs.read(blob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leaves a batch alone that is still being read past its expiry, and takes it once nobody reads it', async () => {
    const id = await insert();
    const past = new Date(Date.now() - 1000);
    await database.batch.update({ where: { id }, data: { expiresAt: past, status: 'running' } });
    await database.extraction.updateMany({ where: { batchId: id }, data: { expiresAt: past } });
    running.add(batchWorkflowId(id));
    expect(await run()).toMatchObject({ expired: 0 });
    expect(await itemsOf(id)).toHaveLength(2);
    expect(await findBatch({ database }, 'test', id)).toMatchObject({ id });
    const [item] = await itemsOf(id);
    expect(await findExtraction({ database }, 'test', item?.id ?? '')).toMatchObject({ batchId: id });
    running.clear();
    expect(await run()).toMatchObject({ expired: 3 });
    expect(await exists(id)).toBe(false);
  });

  it('does not take a batch on the old day once it is tried again', async () => {
    const id = await insert();
    const past = new Date(Date.now() - 1000);
    await database.batch.update({ where: { id }, data: { expiresAt: past, status: 'completed' } });
    await database.extraction.updateMany({ where: { batchId: id }, data: { expiresAt: past, status: 'failed' } });
    await beginRun(database, { batchId: id, run: 2 }, 24 * HOUR_MS);
    await database.batch.update({ where: { id }, data: { status: 'completed' } });
    expect(await run()).toMatchObject({ expired: 0 });
    for (const { expiresAt, status } of await itemsOf(id)) {
      expect(status).toBe('queued');
      expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 23 * HOUR_MS);
    }
  });

  it('takes a batch that never got its run, but neither one that did nor the items of one', async () => {
    const createdAt = new Date(Date.now() - 10 * 60_000);
    const started = await insert();
    const abandoned = await insert();
    await database.batch.updateMany({ data: { createdAt } });
    await database.extraction.updateMany({ data: { createdAt } });
    await database.batch.update({ where: { id: abandoned }, data: { acceptedAt: null } });
    expect(await run()).toMatchObject({ expired: 0, abandoned: 1 });
    expect([await exists(started), await exists(abandoned)]).toEqual([true, false]);
    expect(await itemsOf(started)).toHaveLength(2);
  });

  it('finds the rows of many blobs by an index, and not by reading every row for each page', async () => {
    await database.$executeRaw`
      INSERT INTO extractions (id, tenant, strategy, options, wrapped_key, blob, expires_at)
      SELECT 'many' || n, 'test', 'auto', '{}', '', md5(n::text), now() + interval '1 day' FROM generate_series(1, 20000) n`;
    await database.$executeRaw`ANALYZE extractions`;
    const page = Array.from({ length: 500 }, (_, index) => `${index}`.padStart(32, '0'));
    const plan = await database.$queryRaw`
      EXPLAIN SELECT blob FROM extractions WHERE blob IN (${Prisma.join(page)})`;
    expect(JSON.stringify(plan)).toContain('extractions_blob_idx');
    await database.$executeRaw`DELETE FROM extractions WHERE id LIKE 'many%'`;
    const indexes = await database.$queryRaw`SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_blob_idx'`;
    expect(indexes).toHaveLength(5);
  });

  it('finds what was never started by an index: every five minutes whole tables were read', async () => {
    await database.$executeRaw`
      INSERT INTO extractions (id, tenant, strategy, options, wrapped_key, expires_at, accepted_at)
      SELECT 'many' || n, 'test', 'auto', '{}', '', now() + interval '1 day', now() FROM generate_series(1, 5000) n`;
    await database.$executeRaw`
      INSERT INTO chat_generations (id, tenant, session_hash, ordinal, body_hash, model, first_index, usage_event,
        wrapped_key, outcome, expires_at)
      SELECT 'many' || n, 'test', n, 1, '', 'm', 0, false, '', 'finished', now() + interval '1 day'
      FROM generate_series(1, 5000) n`;
    await database.$executeRaw`ANALYZE`;
    const statements: string[] = [];
    const asked = vi.spyOn(pglite, 'execProtocolStream');
    await run();
    for (const [message] of asked.mock.calls) statements.push(Buffer.from(message).toString('latin1'));
    asked.mockRestore();
    const plans: string[] = [];
    for (const table of ['extractions', 'chat_generations']) {
      const pattern = new RegExp(`SELECT [^\\0]*"${table}"[^\\0]*(?:"accepted_at"|"outcome") IS NULL[^\\0]*`);
      const statement = statements.flatMap((message) => pattern.exec(message) ?? [])[0] ?? '';
      // As asked: only the values are left out.
      plans.push(JSON.stringify(await pglite.exec(`EXPLAIN (GENERIC_PLAN) ${statement}`)));
    }
    expect(plans[0]).toContain('extractions_unstarted_idx');
    expect(plans[1]).toContain('chat_generations_unfinished_idx');
    await database.$executeRaw`DELETE FROM extractions WHERE id LIKE 'many%'`;
    await database.$executeRaw`DELETE FROM chat_generations WHERE id LIKE 'many%'`;
  });

  it('takes blobs that nobody names, but not an archive that is still to be unpacked', async () => {
    const batch = await insert(Buffer.from('archive'));
    const { blob: archive } = await database.batch.findUniqueOrThrow({ where: { id: batch } });
    const { blob: orphan } = await blobs.write(Readable.from(['orphan']), keyring.createDataKey());
    await grow();
    expect(await sweep()).toBe(1);
    await expect(blobs.read(orphan)).rejects.toMatchObject({ code: 'not_found' });
    await (await blobs.open(archive ?? '')).close();
  });

  it('comes to the end of a store that is too large for one turn, by going on where the last one ended', async () => {
    const orphans: string[] = [];
    for (let made = 0; made < 5; made++) {
      const { blob } = await blobs.write(Readable.from(['orphan']), keyring.createDataKey());
      orphans.push(blob);
    }
    await grow();
    const left = async () => {
      const found: string[] = [];
      for await (const blob of blobs.listOlderThan(new Date())) if (orphans.includes(blob)) found.push(blob);
      return found.length;
    };
    const takeTurn = createRemoveOrphans(database, blobs, { page: 3, turnMs: 0 });
    let turns = 0;
    for (; turns < 50 && (await left()) > 0; turns++) await new MockActivityEnvironment().run(takeTurn);
    expect(await left()).toBe(0);
    expect(turns).toBeGreaterThan(1);
  });

  it('ends with the attempt that Temporal has given up, instead of going on beside the next one', async () => {
    const written = await Promise.all(
      [1, 2, 3, 4].map(() => blobs.write(Readable.from(['orphan']), keyring.createDataKey())),
    );
    await grow();
    const environment = new MockActivityEnvironment();
    environment.on('heartbeat', () => environment.cancel('TIMED_OUT'));
    const sweeping = environment.run(createRemoveOrphans(database, blobs, { page: 1 }));
    await expect(sweeping).rejects.toThrow(CancelledFailure);
    const left = await Promise.all(written.map(({ blob }) => blobs.wrappedKey(blob).catch(() => null)));
    expect(left.filter((key) => key !== null).length).toBeGreaterThanOrEqual(3);
    await sweep();
  });

  it('takes every page of expired responses', async () => {
    const key = keyring.createDataKey();
    const past = new Date(Date.now() - 1000);
    const rows = Array.from({ length: 101 }, (_, index) => ({
      id: `resp_${index}`,
      tenant: 'test',
      wrappedKey: key.wrappedKey,
      sealedSettings: new Uint8Array(),
      blob: index.toString(16).padStart(32, '0'),
      expiresAt: past,
    }));
    await database.storedResponse.createMany({ data: rows });
    expect(await run()).toMatchObject({ expired: 101 });
    expect(await database.storedResponse.count()).toBe(0);
  });

  it('takes batches of chat requests with their lines, and deliveries of webhooks, when they have expired', async () => {
    const key = keyring.createDataKey();
    const past = new Date(Date.now() - 1000);
    const future = new Date(Date.now() + HOUR_MS);
    const insertChatBatch = (id: string, changes: object) =>
      database.chatBatch.create({
        data: {
          id,
          tenant: 'test',
          endpoint: '/v1/chat/completions',
          window: '24h',
          deadline: future,
          inputFileId: 'file-1',
          outputSeconds: 3600,
          wrappedKey: key.wrappedKey,
          sealedRequest: new Uint8Array(),
          createdAt: new Date(),
          expiresAt: future,
          acceptedAt: new Date(),
          ...changes,
          lines: { create: [{ line: 1, position: 0n, length: 1, sealedCustomId: new Uint8Array() }] },
        },
      });
    await insertChatBatch('kept', {});
    await insertChatBatch('expired', { expiresAt: past });
    const old = new Date(Date.now() - 10 * 60_000);
    await insertChatBatch('never started', { acceptedAt: null, createdAt: old });
    await insertChatBatch('started unseen', { acceptedAt: null, createdAt: old, status: 'in_progress' });
    await insertChatBatch('expired, but running', { expiresAt: past, status: 'in_progress' });
    running.add(chatBatchWorkflowId('started unseen')).add(chatBatchWorkflowId('expired, but running'));
    const delivery = {
      tenant: 'test',
      event: 'batch.finished',
      subject: 'batch',
      includeResult: false,
      wrappedKey: key.wrappedKey,
      sealedRequest: new Uint8Array(),
    };
    await database.webhookDelivery.create({ data: { ...delivery, id: 'kept', expiresAt: future } });
    await database.webhookDelivery.create({ data: { ...delivery, id: 'expired', expiresAt: past } });
    await run();
    const left = await database.chatBatch.findMany({ orderBy: { id: 'asc' } });
    expect(left.map(({ id }) => id)).toEqual(['expired, but running', 'kept', 'started unseen']);
    expect(left.every(({ acceptedAt }) => acceptedAt !== null)).toBe(true);
    expect(await database.chatBatchLine.count()).toBe(left.length);
    running.clear();
    await run();
    expect((await database.chatBatch.findMany()).map(({ id }) => id)).toEqual(['kept', 'started unseen']);
    expect((await database.webhookDelivery.findMany()).map(({ id }) => id)).toEqual(['kept']);
  });

  it('leaves the request of a line alone that waits for its worker without a run, but not that of a lost answer', async () => {
    const insertRequest = async (id: string, keepSeconds: number | null) => {
      const key = keyring.createDataKey();
      const { blob } = await blobs.write(Readable.from([Buffer.from(id)]), key);
      const createdAt = Date.now() - 10 * 60_000;
      const generation = { id, ordinal: 1, firstIndex: 0, usageEvent: false, model: 'm', createdAt, bodyHash: 'b' };
      const row = generationRow({
        generation: { ...generation, idempotencyHash: null },
        tenant: 'test',
        sessionHash: id,
        wrappedKey: key.wrappedKey,
        blob,
        keepSeconds,
      });
      await database.chatGeneration.create({ data: row });
      return blob;
    };
    const line = await insertRequest('line', KEPT_BY_BATCH);
    const lost = await insertRequest('lost', null);
    expect(await run()).toMatchObject({ abandoned: 1 });
    expect((await database.chatGeneration.findMany()).map(({ id }) => id)).toEqual(['line']);
    await (await blobs.open(line)).close();
    await expect(blobs.read(lost)).rejects.toMatchObject({ code: 'not_found' });
  });
});
