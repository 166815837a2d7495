import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStoreBatchResults } from '../../../src/activities/batch/store-results.ts';
import { createStoreResult } from '../../../src/activities/extraction/store-result.ts';
import { pruneAccessLog } from '../../../src/activities/retention/prune-access-log.ts';
import { AccessLog } from '../../../src/api/access/access-log.ts';
import { erasureRow } from '../../../src/api/erasures/certificate.ts';
import type { ExtractionOutcome } from '../../../src/contract/extraction-activities.ts';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { linkAnswers, linkExtractions } from '../../../src/storage/subject-records.ts';
import { bearer, errorOf, jsonOf, jsonRequest, type LonelyApi, startLonelyApi } from '../../support/api.ts';

const ADMIN = 'admin-key-0000';
const CLINIC = 'clinic-key-0000';
const BANK = 'bank-key-0000';
const NIK = '3504074906650000';
const OTHER = '3504074906660000';
const SEARCH = '/v1/admin/subjects/search';
const TIMINGS = { prepare: 1, ocr: 1, generate: 0, assemble: 1 };

interface Record {
  record: string;
  tenant: string;
  status: string;
  batch_id: string | null;
  expires_at: string | null;
  erased_at: string | null;
  certificate: string | null;
  accesses: { action: string; key: string; record: string }[];
}

let api: LonelyApi;
beforeAll(async () => {
  api = await startLonelyApi({ API_KEYS: `${ADMIN}:admin,${CLINIC}:extract:clinic,${BANK}:extract:bank` });
}, 60_000);
afterAll(() => api?.close());

const ask = (path: string, body: unknown, key = ADMIN) => {
  const request = jsonRequest(body);
  return api.request(path, { ...request, headers: { ...request.headers, ...bearer(key).headers } });
};
const search = async (body: object): Promise<{ data: Record[]; has_more: boolean; next_cursor: string | null }> =>
  jsonOf(await ask(SEARCH, body));

async function insert(id: string, tenant: string, batchId: string | null = null): Promise<void> {
  const { wrappedKey } = api.context.keyring.createDataKey();
  const expiresAt = new Date(Date.now() + 86_400_000);
  const row = { id, tenant, strategy: 'auto', options: {}, wrappedKey, expiresAt, batchId };
  await api.context.database.extraction.create({ data: row });
}

function succeeded(nik: string): ExtractionOutcome {
  const nikHashes = [api.context.keyring.subjectHash(nik)];
  return {
    status: 'succeeded',
    sealedResult: 'AA==',
    nikHashes,
    timings: TIMINGS,
    startedAt: new Date().toISOString(),
  };
}

const store = (id: string, nik: string) =>
  createStoreResult({ ...api.context, retentionMs: 86_400_000 })({
    extractionId: id,
    attempts: 1,
    outcome: succeeded(nik),
    deleteBlob: null,
  });

describe('a data subject asks what is known of them', () => {
  it('is told each record of each tenant, who has read it, and nothing of anybody else', async () => {
    const accessLog = new AccessLog(api.context.database);
    for (const [id, tenant, nik] of [
      ['ext_one', 'clinic', NIK],
      ['ext_two', 'bank', NIK],
      ['ext_other', 'bank', OTHER],
    ] as const) {
      await insert(id, tenant);
      await store(id, nik);
      // A repeat of the activity changes nothing.
      await store(id, nik);
      const caller = { tenant, actor: `key_of_${tenant}`, scopes: new Set(['extract'] as const) };
      await accessLog.write({ caller, action: 'extraction.read', subject: id, requestId: 'req_1' });
    }
    const { data } = await search({ nik: NIK });
    expect(data.map(({ record, status }) => [record, status])).toEqual([
      ['ext_two', 'kept'],
      ['ext_one', 'kept'],
    ]);
    expect(data[1]?.accesses).toMatchObject([{ action: 'extraction.read', key: 'key_of_clinic', record: 'ext_one' }]);
    expect((await search({ nik: NIK, tenant: 'bank' })).data.map(({ record }) => record)).toEqual(['ext_two']);
    expect((await search({ nik: '3504074906670000' })).data).toEqual([]);
  });

  it('is told of the items of a batch, and of who took its results', async () => {
    const { database, keyring } = api.context;
    const { wrappedKey } = keyring.createDataKey();
    const expiresAt = new Date(Date.now() + 86_400_000);
    const batch = { id: 'batch_1', tenant: 'clinic', source: 'images', options: {}, wrappedKey, expiresAt };
    await database.batch.create({ data: batch });
    await insert('ext_item', 'clinic', 'batch_1');
    const entry = { tenant: 'clinic', actor: 'key_1', action: 'batch.read', subject: 'batch_1' };
    await database.accessLogEntry.create({ data: entry });
    const result = { extractionId: 'ext_item', attempts: 1, outcome: succeeded(OTHER), deleteBlob: null };
    await createStoreBatchResults({ ...api.context, retentionMs: 86_400_000 })({ results: [result] });
    const [item] = (await search({ nik: OTHER })).data;
    expect(item).toMatchObject({ record: 'ext_item', batch_id: 'batch_1', status: 'kept' });
    expect(item?.accesses).toMatchObject([{ action: 'batch.read', record: 'batch_1' }]);
    // The cascade from its batch counts as well.
    await database.batch.deleteMany({ where: { id: 'batch_1' } });
    expect((await search({ nik: OTHER })).data[0]).toMatchObject({ status: 'erased', expires_at: null });
    expect((await search({ nik: OTHER })).data[0]?.erased_at).not.toBeNull();
  });

  it('is told when a record was erased, long after it is gone', async () => {
    await api.context.database.extraction.deleteMany({ where: { id: 'ext_one' } });
    const found = (await search({ nik: NIK })).data.find(({ record }) => record === 'ext_one');
    expect(found).toMatchObject({ status: 'erased', expires_at: null });
    expect(Date.parse(found?.erased_at ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('pages, and refuses a cursor that it did not make', async () => {
    const first = await search({ nik: NIK, limit: 1 });
    expect(first).toMatchObject({ has_more: true, data: [{ record: 'ext_two' }] });
    expect(await search({ nik: NIK, limit: 1, cursor: first.next_cursor })).toMatchObject({
      has_more: false,
      data: [{ record: 'ext_one' }],
    });
    expect(await errorOf(await ask(SEARCH, { nik: NIK, cursor: '!' }))).toMatchObject({ status: 400, param: 'cursor' });
  });

  it('leaves the question in the access log without the NIK, and the NIK in no log line', async () => {
    const entries = await api.context.database.accessLogEntry.findMany({ where: { action: 'subject.search' } });
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ subject }) => /^subject_[0-9a-f]{32}$/.test(subject))).toBe(true);
    expect(api.logs.join('')).not.toContain(NIK);
  });

  it('is answered by administrators only, and a bad NIK is not repeated to who sent it', async () => {
    expect(await errorOf(await ask(SEARCH, { nik: NIK }, CLINIC))).toMatchObject({ status: 403 });
    const refused = await ask(SEARCH, { nik: '35040749066500' });
    expect(await refused.text()).not.toContain('35040749066500');
    expect(refused.status).toBe(400);
  });
});

describe('the index of subjects', () => {
  it('cannot be made without its own key: an HMAC of the same words for something else is another', () => {
    const { keyring } = api.context;
    expect(keyring.subjectHash(NIK)).not.toBe(keyring.hmac('subject', NIK));
    const stranger = new Keyring([{ id: 'k', secret: Buffer.alloc(32, 1) }]);
    expect(stranger.subjectHash(NIK)).not.toBe(keyring.subjectHash(NIK));
  });

  it('notes an answer of a chat, and says when it was erased', async () => {
    const { database, keyring } = api.context;
    const data = {
      ...{ id: 'gen_1', tenant: 'clinic', sessionHash: 'a', ordinal: 1, bodyHash: 'b', model: 'ktp-ocr' },
      ...{ firstIndex: 0, usageEvent: false, wrappedKey: keyring.createDataKey().wrappedKey },
      expiresAt: new Date(Date.now() + 86_400_000),
    };
    await database.chatGeneration.create({ data });
    const nik = '3504074906680000';
    await linkAnswers(database, [{ nikHash: keyring.subjectHash(nik), record: 'gen_1' }]);
    expect((await search({ nik })).data).toMatchObject([{ record: 'gen_1', kind: 'answer', status: 'kept' }]);
    await database.chatGeneration.deleteMany({ where: { id: 'gen_1' } });
    expect((await search({ nik })).data).toMatchObject([{ record: 'gen_1', status: 'erased' }]);
  });

  it('notes nothing of a record that was erased while its card was read', async () => {
    const nikHash = api.context.keyring.subjectHash('3504074906690000');
    await linkExtractions(api.context.database, [{ nikHash, record: 'ext_never' }]);
    expect((await search({ nik: '3504074906690000' })).data).toEqual([]);
  });

  it('forgets erased records and certificates when the access log does, and keeps what is kept', async () => {
    const { database } = api.context;
    await pruneAccessLog(database, 30);
    expect((await search({ nik: NIK })).data).toHaveLength(2);
    await database.subjectRecord.updateMany({
      where: { record: 'ext_one' },
      data: { erasedAt: new Date(Date.now() - 31 * 86_400_000) },
    });
    await pruneAccessLog(database, 30);
    expect((await search({ nik: NIK })).data.map(({ record }) => record)).toEqual(['ext_two']);
  });
});

describe('a certificate of an erasure', () => {
  const erased = {
    ...({ record: 'ext_gone', kind: 'extraction', tenant: 'clinic', actor: 'key_1' } as const),
    ...{ records: ['ext_gone'], images: 1, histories: 1, deliveries: 0 },
  };

  it('is shown to its tenant and to administrators, and can be checked by anybody', async () => {
    await api.context.database.erasure.create({ data: erasureRow(api.context.keyring, erased) });
    for (const key of [CLINIC, ADMIN]) {
      const response = await api.request('/v1/erasures/ext_gone', bearer(key));
      const certificate = await jsonOf<{ signature: { public_key: string; signed: string; value: string } }>(response);
      expect(certificate).toMatchObject({
        ...{ object: 'erasure.certificate', record: 'ext_gone', erased_by: 'key_1' },
        counts: { records: 1, images: 1, histories: 1, deliveries: 0 },
      });
      const { public_key, signed, value } = certificate.signature;
      const check = (text: string) =>
        verify(null, Buffer.from(text), createPublicKey(public_key), Buffer.from(value, 'base64'));
      expect(check(signed)).toBe(true);
      expect(check(signed.replace('"images":1', '"images":0'))).toBe(false);
      expect(JSON.parse(signed)).toMatchObject({ record: 'ext_gone' });
    }
    expect((await api.request('/v1/erasures/ext_gone', bearer(BANK))).status).toBe(404);
    expect((await api.request('/v1/erasures/ext_never', bearer(ADMIN))).status).toBe(404);
  });
});

describe('the export of the access log', () => {
  it('is every entry as a line of JSON, within the time that was asked for', async () => {
    const response = await api.request('/v1/admin/access-log', bearer(ADMIN));
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(await api.context.database.accessLogEntry.count());
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      action: 'extraction.read',
      record: 'ext_one',
      tenant: 'clinic',
    });
    const before = await api.request('/v1/admin/access-log?until=2020-01-01T00:00:00Z', bearer(ADMIN));
    expect(await before.text()).toBe('');
    const about = await api.request('/v1/admin/access-log?record=batch_1', bearer(ADMIN));
    expect((await about.text()).trimEnd().split('\n')).toHaveLength(1);
    expect((await api.request('/v1/admin/access-log', bearer(CLINIC))).status).toBe(403);
  });

  it('is a page, newest first, for whoever looks at it, by record, key and action', async () => {
    interface Page {
      data: { action: string; key: string; record: string; tenant: string }[];
      next_cursor: string | null;
    }
    const page = async (query: string): Promise<Page> =>
      jsonOf(await api.request(`/v1/admin/access-log?format=list&${query}`, bearer(ADMIN)));
    const seen: Page['data'] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { data, next_cursor }: Page = await page(`limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...data);
      cursor = next_cursor;
    }
    expect(seen).toHaveLength(await api.context.database.accessLogEntry.count());
    expect(seen.at(-1)).toMatchObject({ action: 'extraction.read', record: 'ext_one', tenant: 'clinic' });
    const { data } = await page('key=key_of_bank&action=extraction.read');
    expect(new Set(data.map(({ action, key }) => `${action} ${key}`))).toEqual(
      new Set(['extraction.read key_of_bank']),
    );
    expect((await page('record=batch_1')).data).toHaveLength(1);
    expect(await errorOf(await api.request('/v1/admin/access-log?format=list&cursor=x', bearer(ADMIN)))).toMatchObject({
      param: 'cursor',
    });
  });
});
