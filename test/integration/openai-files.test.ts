import { MockActivityEnvironment } from '@temporalio/testing';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRemoveExpired } from '../../src/activities/retention/remove-expired.ts';
import { bearer, errorOf, type LonelyApi, startLonelyApi } from '../support/api.ts';

const KEYS = ['first-tenant-key:chat:first', 'second-tenant-key:extract:second', 'admin-only-key:admin'].join(',');
const GIBIBYTE = 1024 ** 3;
const QUOTA_BYTES = 40_000;

let api: LonelyApi;
let client: OpenAI;
let other: OpenAI;

beforeAll(async () => {
  api = await startLonelyApi({ API_KEYS: KEYS, MAX_FILES_GB: String(QUOTA_BYTES / GIBIBYTE), MAX_UPLOAD_MB: '1' });
  const baseURL = `${api.address}/v1`;
  client = new OpenAI({ baseURL, apiKey: 'first-tenant-key', maxRetries: 0 });
  other = new OpenAI({ baseURL, apiKey: 'second-tenant-key', maxRetries: 0 });
});
afterAll(() => api?.close());

const upload = async (text: string, purpose: OpenAI.FilePurpose = 'batch', by = client) =>
  by.files.create({ file: await toFile(Buffer.from(text), 'requests of 2026.jsonl'), purpose });
const clear = async () => {
  for await (const file of client.files.list()) await client.files.delete(file.id);
};
const post = (form: FormData) =>
  api.request('/v1/files', { method: 'POST', body: form, ...bearer('first-tenant-key') });
const stored = () => api.context.database.storedFile.count();
async function blobsOnDisk(): Promise<number> {
  let count = 0;
  for await (const _ of api.context.blobs.listOlderThan(new Date(Date.now() + 60_000))) count++;
  return count;
}

describe('the OpenAI SDK', () => {
  it('is given the same file for a request that is sent again, also at the same time', async () => {
    const headers = { 'idempotency-key': 'requests of today' };
    const send = async (text: string, by = client, name = 'a.jsonl') =>
      by.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'batch' }, { headers });
    const [first, ...others] = await Promise.all([send('{"a":1}'), send('{"a":1}'), send('{"a":1}')]);
    for (const other of others) expect(other).toEqual(first);
    expect([await stored(), await blobsOnDisk()]).toEqual([1, 1]);
    for (const [text, name] of [
      ['{"a":2}', 'a.jsonl'],
      ['{"a":1}', 'b.jsonl'],
    ] as const) {
      await expect(send(text, client, name)).rejects.toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    }
    const theirs = await send('{"a":2}', other);
    expect(theirs.id).not.toBe(first.id);
    // One that has expired or was deleted frees its key.
    await api.context.database.storedFile.update({ where: { id: first.id }, data: { expiresAt: new Date() } });
    const next = await send('{"a":2}');
    await client.files.delete(next.id);
    const last = await send('{"a":3}');
    expect(new Set([first.id, next.id, last.id]).size).toBe(3);
    await Promise.all([client.files.delete(last.id), other.files.delete(theirs.id)]);
    await api.context.blobs.delete((await api.context.database.storedFile.findFirstOrThrow()).blob);
    await api.context.database.storedFile.deleteMany();
  });

  it('hands a file in, finds it again, reads it and deletes it', async () => {
    const text = '{"custom_id":"a"}\n'.repeat(500);
    const file = await upload(text);
    expect(file).toMatchObject({
      id: expect.stringMatching(/^file-[0-9a-f]{32}$/),
      object: 'file',
      bytes: text.length,
      filename: 'requests of 2026.jsonl',
      purpose: 'batch',
      status: 'processed',
    });
    expect(file.expires_at! - file.created_at).toBe(30 * 24 * 3600);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const content = await client.files.content(file.id);
    expect(content.headers.get('content-disposition')).toContain('requests of 2026.jsonl');
    expect(await content.text()).toBe(text);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.files.content(file.id)).rejects.toThrow(OpenAI.NotFoundError);
    expect(await blobsOnDisk()).toBe(0);
    const actions = await api.context.database.accessLogEntry.findMany({ where: { subject: file.id } });
    expect(actions.map(({ action }) => action).sort()).toEqual(['file.create', 'file.delete', 'file.read']);
  });

  // A chat that was shown a file was written down, a card or a batch that was made of one was not.
  it('is read by an extraction and by a batch that name it, and the access log says so', async () => {
    const { id } = await upload('no picture', 'batch', other);
    const send = (path: string, body: object) => {
      const { authorization } = bearer('second-tenant-key').headers;
      const headers = { authorization, 'content-type': 'application/json' };
      return api.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    const reads = () => api.context.database.accessLogEntry.count({ where: { subject: id, action: 'file.read' } });
    expect((await send('/v1/ktp/extractions', { file_id: id })).status).toBe(400);
    expect(await reads()).toBe(1);
    expect((await send('/v1/ktp/batches', { input_file_id: id })).status).toBe(400);
    expect(await reads()).toBe(2);
    await other.files.delete(id);
  });

  it('keeps a file as long as it is asked to', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from('x'), 'x'),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 7200 },
    });
    expect(file.expires_at! - file.created_at).toBe(7200);
    await clear();
  });

  it('takes the same as one field of JSON, as OpenAPI writes an object in a form: it was left out without a word', async () => {
    const whole = new FormData();
    whole.append('purpose', 'user_data');
    whole.append('file', new Blob(['x']), 'x');
    whole.append('expires_after', JSON.stringify({ anchor: 'created_at', seconds: 7200 }));
    const file = (await (await post(whole)).json()) as { created_at: number; expires_at: number };
    expect(file.expires_at - file.created_at).toBe(7200);
    await clear();
  });

  it('pages by itself over 24 files, also while they are deleted, in both orders and by purpose', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 24; index += 8) {
      const some = await Promise.all(Array.from({ length: 8 }, () => upload('x', index < 16 ? 'batch' : 'vision')));
      ids.push(...some.map(({ id }) => id));
    }
    const listed = async (query: OpenAI.FileListParams) => {
      const found: string[] = [];
      for await (const { id } of client.files.list(query)) found.push(id);
      return found;
    };
    const ordered = ids.toSorted();
    expect(await listed({ limit: 20, order: 'asc' })).toEqual(ordered);
    expect(await listed({ limit: 9 })).toEqual(ordered.toReversed());
    expect(await listed({})).toHaveLength(24);
    expect(await listed({ limit: 5, purpose: 'vision' })).toHaveLength(8);
    let deleted = 0;
    for await (const { id } of client.files.list({ limit: 7 })) {
      await client.files.delete(id);
      deleted++;
    }
    expect(deleted).toBe(24);
    expect(await client.files.list()).toMatchObject({ data: [], has_more: false });
  });
});

describe('files', () => {
  it('of another tenant do not exist, and a key without a fitting scope is refused', async () => {
    const file = await upload('secret');
    await expect(other.files.retrieve(file.id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(other.files.content(file.id)).rejects.toThrow(OpenAI.NotFoundError);
    await expect(other.files.delete(file.id)).rejects.toThrow(OpenAI.NotFoundError);
    expect((await other.files.list()).data).toEqual([]);
    const refused = await api.request('/v1/files', bearer('admin-only-key'));
    expect(await errorOf(refused)).toMatchObject({ status: 403, code: 'insufficient_scope' });
    // Batches of chat requests are for keys that may chat.
    for (const path of ['/v1/batches', '/v1/batches/batch_1']) {
      const denied = await api.request(path, bearer('second-tenant-key'));
      expect(await errorOf(denied)).toMatchObject({ status: 403, code: 'insufficient_scope' });
    }
    await clear();
  });

  it('lie encrypted, with their names', async () => {
    const file = await upload('BUDI-0000 on the disk');
    const row = await api.context.database.storedFile.findUniqueOrThrow({ where: { id: file.id } });
    expect(JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value))).not.toContain(
      '2026.',
    );
    expect(Buffer.from(row.sealedName).toString('latin1')).not.toContain('requests');
    expect(api.logs.join('')).not.toContain('requests of');
    await clear();
  });

  it('are refused without a file or a purpose, empty, twice, or of a purpose nobody knows; nothing stays behind', async () => {
    const form = (...parts: [string, string | Blob][]) => {
      const made = new FormData();
      for (const [name, value] of parts) made.append(name, value);
      return made;
    };
    const file = new Blob(['x']);
    const cases: [FormData, string][] = [
      [form(['purpose', 'batch']), 'file'],
      [form(['file', file]), 'purpose'],
      [form(['file', new Blob([])], ['purpose', 'batch']), 'file'],
      [form(['file', file], ['purpose', 'batch_output']), 'purpose'],
      [form(['purpose', 'batch'], ['file', file], ['file', file]), 'file'],
      [form(['file', file], ['purpose', 'batch'], ['expires_after[seconds]', '7200']), 'expires_after.anchor'],
      [
        form(
          ['file', file],
          ['purpose', 'batch'],
          ['expires_after[anchor]', 'created_at'],
          ['expires_after[seconds]', '1'],
        ),
        'expires_after.seconds',
      ],
      [
        form(['file', file], ['purpose', 'batch'], ['expires_after', '{"anchor":"created_at"}']),
        'expires_after.seconds',
      ],
      [form(['file', file], ['purpose', 'batch'], ['expires_after', 'tomorrow']), 'expires_after'],
    ];
    for (const [body, param] of cases) {
      expect(await errorOf(await post(body)), param).toMatchObject({ status: 400, code: 'invalid_value', param });
    }
    expect(await stored()).toBe(0);
    expect(await blobsOnDisk()).toBe(0);
    const json = await api.request('/v1/files', { method: 'POST', ...bearer('first-tenant-key') });
    expect(await errorOf(json)).toMatchObject({ status: 400, code: 'unsupported_media_type' });
  });

  it('over the largest upload or the quota of the tenant are 413, however many come at once', async () => {
    const large = new FormData();
    large.append('file', new Blob([new Uint8Array(1024 * 1024 + 1)]));
    large.append('purpose', 'batch');
    expect(await errorOf(await post(large))).toMatchObject({ status: 413, code: 'payload_too_large' });
    const third = 'x'.repeat(QUOTA_BYTES / 3 - 10);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => upload(third)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await blobsOnDisk()).toBe(3);
    // The quota is a tenant's own.
    await upload(third, 'user_data', other);
    for await (const { id } of other.files.list()) await other.files.delete(id);
    await clear();
  });

  it('page behind an id of the list only', async () => {
    for (const query of ['after=sess_1', 'limit=0', 'limit=10001', 'order=up', 'purpose=secret']) {
      const response = await api.request(`/v1/files?${query}`, bearer('first-tenant-key'));
      expect(await errorOf(response), query).toMatchObject({ status: 400, param: query.split('=')[0] });
    }
  });

  it('are gone when they expire, first for their readers, then from the disk', async () => {
    const [kept, expired] = [await upload('kept'), await upload('expired')];
    const { database, blobs } = api.context;
    await database.storedFile.update({ where: { id: expired.id }, data: { expiresAt: new Date(Date.now() - 1000) } });
    await expect(client.files.retrieve(expired.id)).rejects.toThrow(OpenAI.NotFoundError);
    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([kept.id]);
    const report = await new MockActivityEnvironment().run(createRemoveExpired(database, blobs));
    expect(report).toMatchObject({ expired: 1 });
    expect([await stored(), await blobsOnDisk()]).toEqual([1, 1]);
    expect(await (await client.files.content(kept.id)).text()).toBe('kept');
    await clear();
  });
});
