import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import excel from 'exceljs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchItemObject, BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { errorOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { makeZip } from '../support/zip.ts';

const RESULT: KtpResult = await specimenResult();

let platform: Platform;
let api: TestApi;
const reader = new ColourReader(() => platform, RESULT);

beforeAll(async () => {
  platform = await startPlatform({
    environment: {
      ALLOW_PRIVATE_URLS: '1',
      MAX_IMAGE_MB: '1',
      MAX_BATCH_ITEMS: '300',
      // Longer than anything here waits: what is held up by a fetch must not be let go by its end.
      FETCH_TIMEOUT_SECONDS: '40',
    },
    readCard: () => reader.readCard,
  });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
});
afterAll(async () => {
  await api.close();
  await platform.stop();
});

async function post(body: RequestInit): Promise<BatchObject> {
  const response = await api.request('/v1/ktp/batches', { method: 'POST', ...body });
  expect(response.status).toBe(202);
  const batch = (await response.json()) as BatchObject;
  expect(response.headers.get('location')).toBe(`/v1/ktp/batches/${batch.id}`);
  expect(response.headers.get('retry-after')).toBe('2');
  return batch;
}

async function get<Body>(path: string): Promise<Body> {
  const response = await api.request(path);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

const finished = (batch: BatchObject) => get<BatchObject>(`${batch.links.self}?wait=30`);
const itemsOf = async (batch: BatchObject) =>
  (await get<{ data: BatchItemObject[] }>(`${batch.links.items}?limit=100`)).data;

function form(files: readonly (readonly [string, Buffer])[], fields: Record<string, unknown> = {}): RequestInit {
  const body = new FormData();
  for (const [name, bytes] of files) body.append('images', new Blob([new Uint8Array(bytes)]), name);
  for (const [name, value] of Object.entries(fields)) body.append(name, JSON.stringify(value));
  return { body };
}

function archive(bytes: Buffer, fields: Record<string, unknown> = {}): RequestInit {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, JSON.stringify(value));
  body.append('archive', new Blob([new Uint8Array(bytes)]), 'cards.zip');
  return { body };
}

const addsUp = ({ counts }: BatchObject) =>
  counts.queued + counts.running + counts.succeeded + counts.failed + counts.cancelled === counts.total;

describe('a batch of images', () => {
  it('is read in the order of the form, with the labels of its items', async () => {
    const files = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => [`${index}.png`, await picture(index + 1)] as const),
    );
    const labels = files.map((_, index) => ({ custom_id: `id-${index}`, metadata: { row: String(index) } }));
    const accepted = await post(
      form(files, { items: labels, metadata: { job: 'night' }, options: { strategy: 'ocr' } }),
    );
    expect(accepted.counts.total).toBe(24);
    expect(addsUp(accepted)).toBe(true);
    const batch = await finished(accepted);
    expect(batch).toMatchObject({
      status: 'completed',
      source: 'images',
      strategy: 'ocr',
      metadata: { job: 'night' },
      counts: { total: 24, queued: 0, running: 0, succeeded: 24, failed: 0, cancelled: 0 },
      eta_seconds: 0,
    });
    expect(batch.throughput).toBeGreaterThan(0);
    const items = await itemsOf(batch);
    expect(items.map(({ index, custom_id, name }) => ({ index, custom_id, name }))).toEqual(
      files.map(([name], index) => ({ index, custom_id: `id-${index}`, name })),
    );
    expect(items[3]).toMatchObject({ status: 'succeeded', attempts: 1, error: null, metadata: { row: '3' } });
    const single = await get<{ result: KtpResult }>(`/v1/ktp/extractions/${items[3]?.extraction_id}`);
    expect(single.result.compat.nik).toBe(RESULT.compat.nik);
    const offset = await get<{ data: BatchItemObject[] }>(`${batch.links.items}?limit=2&offset=20`);
    expect(offset.data.map(({ index }) => index)).toEqual([20, 21]);
  });

  it('shows a result with its values masked to whoever does not ask for them, and logs which it was', async () => {
    const batch = await finished(await post(form([['card.png', await picture(3, 4)]])));
    const [item] = await itemsOf(batch);
    const path = `/v1/ktp/extractions/${item?.extraction_id}`;
    const { result } = await get<{ result: KtpResult }>(`${path}?masked=1`);
    const { nik, nama } = RESULT.compat;
    expect(result.fields.nik).toMatchObject({ value: `••••••••••••${nik.slice(-4)}`, confidence: 1, alternatives: [] });
    expect(JSON.stringify(result)).not.toContain(nik);
    expect(JSON.stringify(result)).not.toContain(nama);
    expect(result.compat.nik).toBe(result.fields.nik.value);
    await get(path);
    const log = await platform.database.accessLogEntry.findMany({ where: { subject: item?.extraction_id ?? '' } });
    expect(log.map(({ action }) => action)).toEqual(['extraction.read_masked', 'extraction.read']);
  });

  it('fails exactly its bad items, each with its code; retry reads only those again', async () => {
    reader.reads = [];
    const good = await Promise.all(Array.from({ length: 36 }, (_, index) => picture(index + 1, 9)));
    const files: [string, Buffer][] = good.map((bytes, index) => [`good-${index}.png`, bytes]);
    files.splice(3, 0, ['black.png', await picture(0)]);
    files.splice(11, 0, ['empty.png', Buffer.alloc(0)]);
    files.splice(17, 0, ['text.jpg', Buffer.from('not an image at all')]);
    files.splice(23, 0, ['large.png', Buffer.alloc(1024 * 1024 + 1, 1)]);
    const batch = await finished(await post(form(files)));
    expect(batch.counts).toEqual({ total: 40, queued: 0, running: 0, succeeded: 36, failed: 4, cancelled: 0 });
    const failed = (items: BatchItemObject[]) =>
      items.filter((item) => item.status === 'failed').map((item) => [item.index, item.error?.code, item.attempts]);
    expect(failed(await itemsOf(batch))).toEqual([
      [3, 'not_a_ktp', 1],
      [11, 'invalid_image', 1],
      [17, 'invalid_image', 1],
      [23, 'payload_too_large', 1],
    ]);
    const onlyFailed = await get<{ data: BatchItemObject[] }>(`${batch.links.items}?status=failed&limit=2`);
    expect(onlyFailed.data.map((item) => item.index)).toEqual([3, 11]);
    const first = onlyFailed.data[0];

    reader.reads = [];
    const retried = await api.request(batch.links.retry, { method: 'POST' });
    expect(retried.status).toBe(202);
    const again = await finished((await retried.json()) as BatchObject);
    expect(reader.reads).toEqual([first?.extraction_id]);
    expect(again).toMatchObject({ id: batch.id, run: 2, status: 'completed' });
    expect(again.counts).toEqual(batch.counts);
    expect(failed(await itemsOf(again))).toEqual([
      [3, 'not_a_ktp', 2],
      [11, 'invalid_image', 2],
      [17, 'invalid_image', 2],
      [23, 'payload_too_large', 2],
    ]);

    const { data: failures } = await get<{ data: { code: string; count: number }[] }>(batch.links.failures);
    expect(failures.map(({ code, count }) => [code, count])).toEqual([
      ['invalid_image', 2],
      ['not_a_ktp', 1],
      ['payload_too_large', 1],
    ]);
    const other = await api.request(batch.links.retry, jsonRequest({ codes: ['image_fetch_failed'] }));
    expect(((await other.json()) as BatchObject).run).toBe(2);
    expect(await errorOf(await api.request(batch.links.retry, jsonRequest({ codes: ['no such code'] })))).toMatchObject(
      {
        code: 'invalid_value',
      },
    );
    const group = await api.request(batch.links.retry, jsonRequest({ codes: ['not_a_ktp'] }));
    const third = await finished((await group.json()) as BatchObject);
    expect(third).toMatchObject({ run: 3, counts: batch.counts });
    expect(failed(await itemsOf(third)).map(([index, , attempts]) => [index, attempts])).toEqual([
      [3, 3],
      [11, 2],
      [17, 2],
      [23, 2],
    ]);
  });

  it('marks the very same image as a duplicate', async () => {
    const [one, two] = await Promise.all([picture(77), picture(78)]);
    const files: [string, Buffer][] = [
      ['a.png', one],
      ['b.png', two],
      ['c.png', one],
      ['d.png', one],
    ];
    const batch = await finished(await post(form(files)));
    expect((await itemsOf(batch)).map((item) => item.duplicate_of)).toEqual([null, null, 0, 0]);
  });

  it('is the same batch again under the same Idempotency-Key', async () => {
    const files: [string, Buffer][] = [
      ['a.png', await picture(91)],
      ['b.png', await picture(92)],
    ];
    const headers = { 'idempotency-key': 'night run' };
    const [one, two] = await Promise.all([post({ ...form(files), headers }), post({ ...form(files), headers })]);
    expect(two.id).toBe(one.id);
    const other = await api.request('/v1/ktp/batches', { method: 'POST', ...form(files.slice(1)), headers });
    expect(await errorOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect((await finished(one)).counts).toMatchObject({ total: 2, succeeded: 2 });
  });

  it.each<[string, RequestInit, { status: number; code: string }]>([
    ['nothing', { body: new FormData() }, { status: 422, code: 'missing_image' }],
    ['no body', {}, { status: 422, code: 'missing_image' }],
    ['bad options', form([], { options: { strategy: 'magic' } }), { status: 400, code: 'invalid_value' }],
    ['no items', jsonRequest({ items: [] }), { status: 400, code: 'invalid_value' }],
    ['an item without an image', jsonRequest({ items: [{ custom_id: 'x' }] }), { status: 400, code: 'invalid_value' }],
    ['a file that is not there', jsonRequest({ input_file_id: 'file-1' }), { status: 404, code: 'not_found' }],
    [
      'a webhook and no secret to sign with',
      jsonRequest({ items: [{ image_base64: '' }], webhook: { url: 'https://a.example' } }),
      { status: 400, code: 'unsupported' },
    ],
  ])('with %s is refused, and leaves nothing behind', async (_what, body, expected) => {
    const before = await platform.database.batch.count();
    const response = await api.request('/v1/ktp/batches', { method: 'POST', ...body });
    expect(await errorOf(response)).toMatchObject(expected);
    expect(await platform.database.batch.count()).toBe(before);
  });
});

describe('a batch from JSON', () => {
  const upload = async (bytes: Buffer) => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(bytes)]), 'card.png');
    body.append('purpose', 'user_data');
    return ((await (await api.request('/v1/files', { method: 'POST', body })).json()) as { id: string }).id;
  };

  it('takes a file of items, a line each, and says which line is none', async () => {
    const image_base64 = (await picture(160)).toString('base64');
    const lines = (...values: unknown[]) =>
      upload(Buffer.from(values.map((value) => JSON.stringify(value)).join('\n')));
    const input_file_id = await lines({ image_base64, custom_id: 'one' }, { image_base64: 'AAAA', custom_id: 'two' });
    const batch = await post(jsonRequest({ input_file_id }));
    expect((await finished(batch)).counts).toMatchObject({ total: 2, succeeded: 1, failed: 1 });
    expect((await itemsOf(batch)).map(({ custom_id, status }) => [custom_id, status])).toEqual([
      ['one', 'succeeded'],
      ['two', 'failed'],
    ]);
    const before = await platform.database.batch.count();
    for (const bad of [{ image_base64, custom_id: 5 }, 'text', {}, { image_base64, file_id: 'file-1' }]) {
      const response = await api.request(
        '/v1/ktp/batches',
        jsonRequest({ input_file_id: await lines({ image_base64 }, bad) }),
      );
      expect(await errorOf(response), JSON.stringify(bad)).toMatchObject({ status: 400, code: 'invalid_value' });
    }
    const many = await lines(...Array.from({ length: 301 }, () => ({ image_url: 'http://a.example/' })));
    expect(await errorOf(await api.request('/v1/ktp/batches', jsonRequest({ input_file_id: many })))).toMatchObject({
      status: 400,
      param: 'items',
    });
    expect(await platform.database.batch.count()).toBe(before);
  });

  it('takes images that were handed in as files, and keeps them when the files are deleted', async () => {
    const [card, text] = [await upload(await picture(140)), await upload(Buffer.from('no image'))];
    const accepted = await post(jsonRequest({ items: [{ file_id: card }, { file_id: text }] }));
    for (const id of [card, text]) await api.request(`/v1/files/${id}`, { method: 'DELETE' });
    expect((await finished(accepted)).counts).toMatchObject({ succeeded: 1, failed: 1 });
    expect((await itemsOf(accepted))[1]?.error?.code).toBe('invalid_image');
    const missing = await api.request('/v1/ktp/batches', jsonRequest({ items: [{ file_id: card }] }));
    expect(await errorOf(missing)).toEqual({ status: 404, code: 'not_found', param: 'items.0.file_id' });
    const both = await api.request(
      '/v1/ktp/batches',
      jsonRequest({ items: [{ file_id: card, image_base64: 'AAAA' }] }),
    );
    expect(await errorOf(both)).toMatchObject({ status: 400, code: 'invalid_value' });
    const again = await upload(await picture(150));
    const single = await api.request('/v1/ktp/extractions?wait=30', jsonRequest({ file_id: again }));
    expect(await single.json()).toMatchObject({ status: 'succeeded', webhook: null });
  });

  it('takes base64, data URLs and URLs that are fetched in their turn', async () => {
    const image = await picture(120);
    const server = createServer((request, response) => {
      if (request.url === '/card.png') response.end(image);
      else if (request.url === '/page') response.end('<html>');
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const base64 = image.toString('base64');
    const items = [
      { custom_id: 'base64', image_base64: base64 },
      { custom_id: 'data', image_url: `data:image/png;base64,${base64}` },
      { custom_id: 'url', image_url: { url: `${origin}/card.png` } },
      { custom_id: 'page', image_url: `${origin}/page` },
      { custom_id: 'scheme', image_url: 'file:///etc/passwd' },
      { custom_id: 'garbage', image_base64: '!!!' },
    ];
    const batch = await finished(await post(jsonRequest({ items })));
    server.close();
    expect((await itemsOf(batch)).map(({ custom_id, status, error }) => [custom_id, status, error?.code])).toEqual([
      ['base64', 'succeeded', undefined],
      ['data', 'succeeded', undefined],
      ['url', 'succeeded', undefined],
      ['page', 'failed', 'image_fetch_failed'],
      ['scheme', 'failed', 'blocked_url'],
      ['garbage', 'failed', 'invalid_image'],
    ]);
  });
});

describe('a batch from an archive', () => {
  it('reads nested entries, skips junk, and makes hostile entries errors of theirs', async () => {
    const card = await picture(200);
    const zip = makeZip([
      { name: 'a/b/first.png', data: card },
      { name: '__MACOSX/._first.png', data: card },
      { name: 'a/' },
      { name: '../../climbs.png', data: card },
      { name: '/absolute.png', data: card },
      { name: 'link.png', data: Buffer.from('/etc/passwd'), mode: 0o120777 },
      { name: 'encrypted.png', data: card, encrypted: true },
      { name: 'bomb.png', data: Buffer.alloc(900_000 * 10) },
      { name: 'nested.zip', data: makeZip([{ name: 'x.png', data: card }]) },
      { name: 'empty.png' },
      { name: 'damaged.png', data: card, claimedCrc: 1 },
      { name: 'really-a-picture.txt', data: card },
      { name: 'Thumbs.db', data: card },
      { name: 'last.png', data: card, stored: true },
    ]);
    const accepted = await post(archive(zip, { metadata: { from: 'zip' } }));
    expect(accepted).toMatchObject({ source: 'archive', skipped: 3, counts: { total: 11 } });
    const batch = await finished(accepted);
    expect(
      (await itemsOf(batch)).map(({ name, status, error }) => [name, status === 'succeeded' || error?.code]),
    ).toEqual([
      ['a/b/first.png', true],
      ['../../climbs.png', 'invalid_archive'],
      ['/absolute.png', 'invalid_archive'],
      ['link.png', 'invalid_archive'],
      ['encrypted.png', 'invalid_archive'],
      ['bomb.png', 'payload_too_large'],
      ['nested.zip', 'unsupported_media_type'],
      ['empty.png', 'invalid_image'],
      ['damaged.png', 'invalid_archive'],
      ['really-a-picture.txt', true],
      ['last.png', true],
    ]);
    const row = await platform.database.batch.findUniqueOrThrow({ where: { id: batch.id } });
    expect(row.blob).toBeNull();
  });

  it.each<[string, () => Buffer | Promise<Buffer>]>([
    ['a picture', () => picture(1)],
    ['only junk', () => makeZip([{ name: '.DS_Store' }])],
    ['cut', () => makeZip([{ name: 'a.png', data: Buffer.alloc(100) }]).subarray(0, 60)],
    ['too many files', () => makeZip(Array.from({ length: 301 }, (_, index) => ({ name: `${index}` })))],
  ])('that is %s is 400 invalid_archive, and leaves nothing behind', async (_what, bytes) => {
    const before = await platform.database.batch.count();
    const response = await api.request('/v1/ktp/batches', { method: 'POST', ...archive(await bytes()) });
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'invalid_archive' });
    expect(await platform.database.batch.count()).toBe(before);
  });
});

describe('results', () => {
  it('stream in every format, in the order of the input, also while the batch runs', async () => {
    const files = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => [`${index}.png`, await picture(index, 50)] as const),
    );
    const named: (readonly [string, Buffer])[] = [...files];
    named[7] = ['=cmd.png', await picture(0)];
    reader.slow = 150;
    const accepted = await post(form(named));
    const early = await (await api.request(accepted.links.results)).text();
    expect(early.trimEnd().split('\n')).toHaveLength(30);
    expect(early).toMatch(/"status":"(queued|running)"/);
    const whileRunning = await get<BatchObject>(accepted.links.self);
    expect(addsUp(whileRunning)).toBe(true);
    reader.slow = 0;
    const batch = await finished(accepted);
    const results = (format: string) => api.request(`${batch.links.results}?format=${format}`);

    const lines = (await (await results('ndjson')).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.index)).toEqual(files.map((_, index) => index));
    expect(lines[7]).toMatchObject({ name: '=cmd.png', status: 'failed', result: null, error: { code: 'not_a_ktp' } });
    expect(lines[8].result.compat.nik).toBe(RESULT.compat.nik);
    expect(await (await results('json')).json()).toEqual({
      object: 'list',
      data: lines,
      has_more: false,
      next_cursor: null,
    });

    const csv = await results('csv&bom=1');
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const rows = Buffer.from(await csv.arrayBuffer())
      .toString()
      .split('\r\n');
    expect(rows[0]?.startsWith('\uFEFFindex,')).toBe(true);
    expect(rows[8]).toContain(`"'=cmd.png","failed","not_a_ktp"`);
    expect(rows[9]).toContain(`"${RESULT.compat.nik}"`);

    const firstLine = async (format: string) => (await (await results(format)).text()).split('\r\n')[0];
    expect(await firstLine('csv&spreadsheet=1')).toMatch(/^index;custom_id;.*;error_message$/);
    expect(await firstLine('csv&separator=tab')).toMatch(/^index\tcustom_id/);
    const accepting = async (accept: string) =>
      (await api.request(batch.links.results, { headers: { accept } })).headers.get('content-type');
    expect(await accepting('text/csv')).toContain('text/csv');
    expect(await accepting('Text/CSV; charset=UTF-8')).toContain('text/csv');
    expect(await accepting('application/json, text/plain, */*')).toContain('application/x-ndjson');
    expect(await accepting('application/json')).toContain('application/json');

    const workbook = new excel.Workbook();
    await workbook.xlsx.load(await (await results('xlsx')).arrayBuffer());
    expect(workbook.worksheets[0]?.getCell('F2').value).toBe(RESULT.compat.nik);
    expect(workbook.worksheets[0]?.rowCount).toBe(31);
    expect(await errorOf(await results('pdf'))).toMatchObject({ status: 400, code: 'invalid_value' });
  });
});

describe('a batch', () => {
  async function running(count = 60): Promise<BatchObject> {
    const files = await Promise.all(
      Array.from({ length: count }, async (_, index) => [`${index}.png`, await picture(index + 1, 1, 1)] as const),
    );
    reader.slow = 300;
    return post(form(files));
  }

  it('tells its progress as events, and goes on after the last one seen', async () => {
    const batch = await running(20);
    reader.slow = 50;
    const text = await (await api.request(batch.links.events)).text();
    const events = text
      .split('\n\n')
      .filter((part) => part.includes('data: '))
      .map((part) => ({
        id: Number(/^id: (\d+)$/m.exec(part)?.[1]),
        data: JSON.parse(part.slice(part.indexOf('data: ') + 6)) as BatchObject,
      }));
    expect(events.map((event) => event.id)).toEqual(
      [...new Set(events.map((event) => event.id))].sort((a, b) => a - b),
    );
    expect(events.every((event) => addsUp(event.data))).toBe(true);
    expect(events.at(-1)?.data.status).toBe('completed');
    const resumed = async (id: string) =>
      (await api.request(batch.links.events, { headers: { 'last-event-id': id } })).text();
    expect(await resumed(String(events.at(-2)?.id ?? 0))).toContain(`id: ${events.at(-1)?.id}\n`);
    expect(await resumed(String(events.at(-1)?.id))).toBe('');
    const malformed = await api.request(batch.links.events, { headers: { 'last-event-id': 'x' } });
    expect(await errorOf(malformed)).toMatchObject({ status: 400, code: 'invalid_last_event_id' });
  });

  it('cannot be retried while it runs, and keeps what is finished when it is cancelled', async () => {
    const batch = await running();
    expect(await errorOf(await api.request(batch.links.retry, { method: 'POST' }))).toMatchObject({
      status: 409,
      code: 'batch_running',
    });
    let { counts } = batch;
    const isUnderWay = async () => {
      ({ counts } = await get<BatchObject>(batch.links.self));
      return counts.succeeded > 0 && counts.running > 0;
    };
    await expect.poll(isUnderWay).toBe(true);
    const { data } = await get<{ data: BatchItemObject[] }>(`${batch.links.items}?status=running`);
    expect(data.length).toBeGreaterThan(0);
    const cancelled = (await (await api.request(batch.links.cancel, { method: 'POST' })).json()) as BatchObject;
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.counts.succeeded).toBeGreaterThanOrEqual(counts.succeeded);
    expect(cancelled.counts).toMatchObject({ queued: 0, running: 0, failed: 0, total: 60 });
    expect(addsUp(cancelled)).toBe(true);
    const again = await api.request(batch.links.cancel, { method: 'POST' });
    expect(await again.json()).toEqual(cancelled);
    // Their images are gone: a retry could read none of them.
    const retried = await api.request(batch.links.retry, { method: 'POST' });
    expect(await errorOf(retried)).toMatchObject({ status: 409, code: 'batch_cancelled' });
  });

  it('of fast images is not held up by those of others whose URLs never answer', async () => {
    reader.slow = 0;
    const sockets = new Set<Socket>();
    const tarPit = createServer(() => undefined).on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => tarPit.listen(0, '127.0.0.1', resolve));
    const image_url = `http://127.0.0.1:${(tarPit.address() as AddressInfo).port}/card.png`;
    const items = Array.from({ length: 12 }, (_, index) => ({ image_url: `${image_url}?${index}` }));
    const slow = await Promise.all(Array.from({ length: 4 }, () => post(jsonRequest({ items }))));
    await expect.poll(() => sockets.size, { timeout: 20_000 }).toBeGreaterThan(20);
    const startedAt = performance.now();
    const fast = await finished(await post(form([['a.png', await picture(33)]])));
    expect(fast.status).toBe('completed');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    for (const batch of slow) await api.request(batch.links.self, { method: 'DELETE' });
    for (const socket of sockets) socket.destroy();
    tarPit.close();
  });

  it('is erased with its items, images and histories, also while it runs', async () => {
    const batch = await running();
    const [item] = await itemsOf(batch);
    expect((await api.request(batch.links.self, { method: 'DELETE' })).status).toBe(204);
    for (const path of [batch.links.self, batch.links.results, `/v1/ktp/extractions/${item?.extraction_id}`]) {
      expect((await api.request(path)).status).toBe(404);
    }
    expect(await platform.database.extraction.count({ where: { batchId: batch.id } })).toBe(0);
    reader.slow = 0;
  });

  it('is listed, newest first, page by page', async () => {
    const page = await get<{ data: BatchObject[]; has_more: boolean; next_cursor: string }>('/v1/ktp/batches?limit=2');
    expect(page.data).toHaveLength(2);
    const next = await get<{ data: BatchObject[] }>(`/v1/ktp/batches?limit=2&cursor=${page.next_cursor}`);
    const times = [...page.data, ...next.data].map((batch) => batch.created_at);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(new Set([...page.data, ...next.data].map((batch) => batch.id)).size).toBe(4);
    expect(await errorOf(await api.request('/v1/ktp/batches/batch_x'))).toMatchObject({
      status: 404,
      code: 'not_found',
    });
  });
});

describe('a batch that its caller holds in hand', () => {
  const act = async (batch: BatchObject, action: 'pause' | 'resume' | 'seal') => {
    const response = await api.request(batch.links[action], { method: 'POST' });
    expect(response.status).toBe(200);
    return (await response.json()) as BatchObject;
  };
  const pictures = async (count: number, green: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => [`${index}.png`, await picture(index + 1, green)] as const),
    );
  const add = (batch: BatchObject, init: RequestInit) => api.request(batch.links.items, { method: 'POST', ...init });

  it('is paused and resumed, as often as it is asked, and its events tell of both', async () => {
    reader.slow = 100;
    const batch = await post(form(await pictures(30, 41)));
    const events = api.request(batch.links.events).then((response) => response.text());
    expect(await act(batch, 'pause')).toMatchObject({ status: 'paused', eta_seconds: null });
    const paused = await act(batch, 'pause');
    expect(paused.status).toBe('paused');
    expect(addsUp(paused)).toBe(true);
    expect(await errorOf(await api.request(batch.links.retry, { method: 'POST' }))).toMatchObject({
      code: 'batch_running',
    });
    // Those who watch look once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await act(batch, 'resume')).status).toBe('running');
    const end = await finished(batch);
    expect(end).toMatchObject({ status: 'completed', counts: { total: 30, succeeded: 30 } });
    expect((await act(end, 'pause')).status).toBe('completed');
    const numbers = [...(await events).matchAll(/^id: (\d+)/gm)].map(([, id]) => Number(id));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    expect(await events).toContain('"status":"paused"');
    reader.slow = 0;
  });

  it('takes items until it is sealed, each once, whatever is repeated', async () => {
    const batch = await post(form(await pictures(2, 51), { sealed: false }));
    expect(batch.sealed).toBe(false);
    const [, [, second]] = [0, ...(await pictures(2, 52))] as [number, readonly [string, Buffer]];
    const keyed = async () => ({
      ...form(await pictures(3, 52), { items: [{ custom_id: 'a' }, { custom_id: 'b' }, null] }),
      headers: { 'idempotency-key': 'addition 1' },
    });
    const added = await add(batch, await keyed());
    expect(added.status).toBe(202);
    expect((await add(batch, await keyed())).status).toBe(202);
    const other = { ...form(await pictures(1, 53)), headers: { 'idempotency-key': 'addition 1' } };
    expect(await errorOf(await add(batch, other))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    const json = { items: [{ image_base64: second.toString('base64'), custom_id: 'c' }] };
    expect((await add(batch, jsonRequest(json))).status).toBe(202);
    expect(await errorOf(await add(batch, jsonRequest({ ...json, options: {} })))).toMatchObject({ param: 'options' });
    await expect
      .poll(async () => (await get<BatchObject>(batch.links.self)).counts.succeeded, { timeout: 15_000 })
      .toBe(6);
    expect((await get<BatchObject>(batch.links.self)).status).toBe('running');
    expect((await act(batch, 'seal')).sealed).toBe(true);
    const end = await finished(batch);
    expect(end).toMatchObject({ status: 'completed', sealed: true, counts: { total: 6, succeeded: 6 } });
    expect((await itemsOf(end)).map((item) => item.custom_id)).toEqual([null, null, 'a', 'b', null, 'c']);
    expect(await errorOf(await add(batch, jsonRequest(json)))).toMatchObject({ status: 409, code: 'batch_sealed' });
    expect((await act(batch, 'seal')).status).toBe('completed');
  });

  it('gives additions that race each other places of their own, and loses none', async () => {
    const batch = await post(form(await pictures(1, 61), { sealed: false }));
    const racing = await pictures(8, 62);
    const answers = await Promise.all(racing.map((file) => add(batch, form([file]))));
    expect(answers.map(({ status }) => status)).toEqual(racing.map(() => 202));
    await act(batch, 'seal');
    const end = await finished(batch);
    expect(end.counts).toMatchObject({ total: 9, succeeded: 9 });
    expect((await itemsOf(end)).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('with a high priority goes before others of its tenant', async () => {
    reader.slow = 60;
    reader.reads = [];
    const low = await post(form(await pictures(60, 71), { priority: 'low' }));
    const high = await post(form(await pictures(30, 72), { priority: 'high' }));
    expect([low.priority, high.priority]).toEqual(['low', 'high']);
    await finished(high);
    const beside = await get<BatchObject>(low.links.self);
    expect(beside.counts.succeeded).toBeLessThan(30);
    await finished(low);
    reader.slow = 0;
    expect(
      await errorOf(
        await api.request('/v1/ktp/batches', {
          method: 'POST',
          ...form(await pictures(1, 73), { priority: 'urgent' }),
        }),
      ),
    ).toMatchObject({ param: 'priority' });
  });
});

describe('a link to results', () => {
  it('opens those of its batch without a key, until it expires, is changed, or the batch is erased', async () => {
    const keyed = await startTestApi(platform, {
      API_KEYS: 'one-long-enough-key:extract:t1,other-long-enough-key:extract:t2',
    });
    try {
      const as = (key: string, init: RequestInit = {}): RequestInit => ({
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` },
      });
      const body = form([['a.png', await picture(7, 77)]]);
      const created = await keyed.request('/v1/ktp/batches', as('one-long-enough-key', { method: 'POST', ...body }));
      const batch = (await created.json()) as BatchObject;
      await keyed.request(`${batch.links.self}?wait=30`, as('one-long-enough-key'));
      const make = (seconds: number, key = 'one-long-enough-key') =>
        keyed.request(
          `${batch.links.results}/link`,
          as(key, jsonRequest({ format: 'csv', expires_in_seconds: seconds })),
        );
      expect((await make(60, 'other-long-enough-key')).status).toBe(404);
      expect((await make(604_801)).status).toBe(400);
      const { url } = (await (await make(60)).json()) as { url: string };
      const opened = await keyed.request(url);
      expect([opened.status, opened.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/csv')]);
      expect(await opened.text()).toContain(RESULT.compat.nik);
      const expires = Number(new URLSearchParams(url.split('?')[1]).get('expires'));
      for (const changed of [
        url.replace('format=csv', 'format=json'),
        url.replace(String(expires), String(expires + 1)),
        url.replace(/signature=./, 'signature=x'),
        url.replace(batch.id, 'batch_00000000000000000000000000000000'),
        `${batch.links.items}?${url.split('?')[1]}`,
      ]) {
        expect((await keyed.request(changed)).status).toBe(401);
      }
      const short = (await (await make(1)).json()) as { url: string };
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect((await keyed.request(short.url)).status).toBe(401);
      expect((await keyed.request(batch.links.self, as('one-long-enough-key', { method: 'DELETE' }))).status).toBe(204);
      expect((await keyed.request(url)).status).toBe(401);
    } finally {
      await keyed.close();
    }
  });
});
