import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStoreBatchResults } from '../../../src/activities/batch/store-results.ts';
import type { BatchOutcome, BatchResult } from '../../../src/contract/batch-activities.ts';
import { Keyring } from '../../../src/encryption/keyring.ts';
import type { BlobStore } from '../../../src/storage/blobs.ts';
import { generationRow, insertGeneration } from '../../../src/storage/chat-sessions.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';

let pglite: PGlite;
let database: Database;
const keyring = new Keyring([{ id: 'test', secret: Buffer.alloc(32, 7) }]);
const deleted: string[] = [];
const blobs = { delete: async (blob: string) => void deleted.push(blob) } as unknown as BlobStore;

beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
});
afterAll(() => returnMemoryDatabase(pglite));

/** First bytes of the wire protocol's messages that hold a statement: Parse and Query. */
const STATEMENTS = ['P', 'Q'];

/** PGlite runs one statement at a time, in the process that answers callers. @returns how many were run */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(pglite, 'execProtocolStream');
  await work();
  const kinds = spy.mock.calls.map(([message]) => String.fromCharCode(message[0] ?? 0));
  spy.mockRestore();
  return kinds.filter((kind) => STATEMENTS.includes(kind)).length;
}

const dependencies = () => ({ database, blobs, keyring, retentionMs: 86_400_000 });
const blobOf = (id: string) => id.padEnd(32, '0');

async function queue(...ids: string[]): Promise<void> {
  const expiresAt = new Date(Date.now() + 86_400_000);
  const { wrappedKey } = keyring.createDataKey();
  const shared = { tenant: 'a', strategy: 'auto', options: {}, wrappedKey, expiresAt, errorCode: 'internal' };
  await database.extraction.createMany({ data: ids.map((id) => ({ id, blob: blobOf(id), ...shared })) });
}

const READ = {
  status: 'succeeded',
  sealedResult: Buffer.from('sealed').toString('base64'),
  timings: { prepare: 1.5, ocr: 2, generate: 0, assemble: 1 },
  usage: { promptTokens: 1200, completionTokens: 300 },
  startedAt: '2026-11-26T10:00:00.123Z',
} as const satisfies BatchOutcome;
const result = (extractionId: string, outcome: BatchOutcome, deleteBlob: string | null = null): BatchResult => ({
  extractionId,
  attempts: 2,
  outcome,
  deleteBlob,
});
const store = (results: readonly BatchResult[]) => createStoreBatchResults(dependencies())({ results: [...results] });

describe('results of a batch', () => {
  it('take the database few statements, not one for each card', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `many_${index}`);
    await queue(...ids);
    const results = ids.map((id) => result(id, { ...READ, nikHashes: [keyring.subjectHash(id)] }, blobOf(id)));
    expect(await statementsOf(() => store(results))).toBe(2);
    expect(await database.extraction.count({ where: { id: { in: ids }, status: 'succeeded', blob: null } })).toBe(8);
    expect(deleted).toEqual(ids.map(blobOf));
  });

  it('say of each card what became of it, also where a group holds every kind of end', async () => {
    await queue('read', 'kept', 'failed', 'deferred', 'cancelled');
    const error = { code: 'not_a_ktp', message: 'No KTP was found.' } as const;
    await store([
      result('failed', { status: 'failed', error }, null),
      result('read', READ, blobOf('read')),
      result('deferred', { status: 'deferred' }),
      result('kept', READ),
      result('cancelled', { status: 'cancelled' }, blobOf('cancelled')),
    ]);
    const rows = await database.extraction.findMany({
      where: { id: { in: ['read', 'kept', 'failed', 'deferred', 'cancelled'] } },
      orderBy: { id: 'asc' },
    });
    const finished = { attempts: 2, finishedAt: expect.any(Date) };
    const read = {
      ...finished,
      status: 'succeeded',
      timings: READ.timings,
      usage: { prompt_tokens: 1200, completion_tokens: 300 },
      startedAt: new Date(READ.startedAt),
      errorCode: null,
    };
    expect(rows).toMatchObject([
      { id: 'cancelled', ...finished, status: 'cancelled', blob: null },
      { id: 'deferred', status: 'queued', attempts: 2, finishedAt: null, blob: blobOf('deferred') },
      { id: 'failed', ...finished, status: 'failed', errorCode: 'not_a_ktp', errorMessage: error.message },
      { id: 'kept', ...read, blob: blobOf('kept') },
      { id: 'read', ...read, blob: null },
    ]);
    expect(Buffer.from(rows[4]?.sealedResult ?? []).toString()).toBe('sealed');
  });

  it('have their own times in a database of another zone', async () => {
    await pglite.exec(`SET TIME ZONE 'Asia/Jakarta'`);
    try {
      await queue('zoned');
      const before = Date.now();
      await store([result('zoned', READ)]);
      const row = await database.extraction.findUniqueOrThrow({ where: { id: 'zoned' } });
      expect(row.startedAt).toEqual(new Date(READ.startedAt));
      expect(Math.abs((row.finishedAt?.getTime() ?? 0) - before)).toBeLessThan(60_000);
    } finally {
      await pglite.exec('SET TIME ZONE UTC');
    }
  });

  it('are counted and written once: a repeat leaves what is final', async () => {
    const finished: string[] = [];
    const metrics = { extractionFinished: (outcome: string) => void finished.push(outcome), cardRead: () => {} };
    await queue('once');
    const storeCounted = createStoreBatchResults({ ...dependencies(), metrics });
    await storeCounted({ results: [result('once', READ)] });
    const [before] = await database.extraction.findMany({ where: { id: 'once' } });
    await storeCounted({ results: [result('once', { ...READ, sealedResult: 'AA==' })] });
    expect(await database.extraction.findMany({ where: { id: 'once' } })).toEqual([before]);
    expect(finished).toEqual(['succeeded']);
  });
});

describe('the row of an answer', () => {
  const row = (id: string) =>
    generationRow({
      generation: {
        id,
        ordinal: 1,
        firstIndex: 0,
        usageEvent: true,
        model: 'm',
        createdAt: Date.now(),
        bodyHash: 'b',
        idempotencyHash: null,
      },
      tenant: 'a',
      sessionHash: 'session',
      wrappedKey: keyring.createDataKey().wrappedKey,
      blob: blobOf('answer'),
      keepSeconds: null,
    });
  const access = (subject: string) => ({ tenant: 'a', actor: 'b', action: 'chat.create', subject, requestId: 'r' });

  it('is inserted with its access in one statement, since ten starts at once wait for each other', async () => {
    expect(await statementsOf(() => insertGeneration(database, row('gen_1'), access('gen_1')))).toBe(1);
    const { createdAt, expiresAt, ...columns } = row('gen_1');
    expect(await database.chatGeneration.findUnique({ where: { id: 'gen_1' } })).toMatchObject({
      ...columns,
      wrappedKey: expect.any(Uint8Array),
      outcome: null,
      sealedWebhook: null,
    });
    expect(expiresAt.getTime()).toBeGreaterThan(createdAt.getTime());
    expect(await database.accessLogEntry.findMany({ where: { subject: 'gen_1' } })).toMatchObject([access('gen_1')]);
  });

  it('of whoever comes second for the same place is not inserted, and nobody is said to have asked for it', async () => {
    expect(await insertGeneration(database, row('gen_2'), access('gen_2'))).toBe(false);
    expect(await database.chatGeneration.count()).toBe(1);
    expect(await database.accessLogEntry.count({ where: { subject: 'gen_2' } })).toBe(0);
  });
});
