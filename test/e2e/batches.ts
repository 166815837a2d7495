/** Registers its tests with the file that imports it: embedded.test.ts, whose platform they ask. */
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeZip } from '../support/zip.ts';
import { exampleImage, exampleTruth, jsonRequest } from './embedded-platform.ts';
import { expectRefusal, type Refusal } from './refusal.ts';
import { home, platform } from './shared-platform.ts';
import { filesUnder } from './traces.ts';

const BATCHES = '/v1/ktp/batches';

interface Batch {
  readonly id: string;
  readonly object: string;
  readonly status: string;
  readonly counts: Record<'total' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled', number>;
  readonly finished_at: string | null;
  readonly links: { readonly self: string };
}

interface Item {
  readonly index: number;
  readonly custom_id: string | null;
  readonly name: string | null;
  readonly status: string;
  readonly attempts: number;
  readonly extraction_id: string;
  readonly error: { readonly code: string; readonly retryable: boolean } | null;
}

const card = exampleImage(1);
const text = Buffer.from('no picture');

async function create(init: RequestInit): Promise<Batch> {
  const response = await platform.request(BATCHES, { method: 'POST', ...init });
  const batch = (await response.json()) as Batch;
  expect({ status: response.status, batch }).toMatchObject({ status: 202, batch: { object: 'ktp.batch' } });
  expect(response.headers.get('location')).toBe(`${BATCHES}/${batch.id}`);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  return batch;
}

function archive(entries: Parameters<typeof makeZip>[0]): RequestInit {
  const form = new FormData();
  form.append('archive', new Blob([new Uint8Array(makeZip(entries))], { type: 'application/zip' }), 'cards.zip');
  return { body: form };
}

function images(all: readonly [name: string, bytes: Uint8Array][]): RequestInit {
  const form = new FormData();
  for (const [name, bytes] of all)
    form.append('images', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), name);
  return { body: form };
}

async function get<Body>(path: string): Promise<Body> {
  const response = await platform.request(path);
  const body = await response.text();
  expect({ status: response.status, body }).toMatchObject({ status: 200 });
  return JSON.parse(body) as Body;
}

/** The batch at its end; whatever is seen on the way adds up. */
async function finished(id: string): Promise<Batch> {
  for (const deadline = Date.now() + 180_000; ; ) {
    const batch = await get<Batch>(`${BATCHES}/${id}?wait=1`).catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (batch && !['validating'].includes(batch.status)) expectSum(batch);
    if (batch?.finished_at) return batch;
    if (Date.now() > deadline) throw new Error(`not finished: ${JSON.stringify(batch)}\n${platform.output}`);
  }
}

function expectSum({ counts }: Batch): void {
  const { total, ...parts } = counts;
  expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
}

async function items(id: string, query = ''): Promise<Item[]> {
  const all: Item[] = [];
  let cursor = '';
  do {
    const page = await get<{ data: Item[]; has_more: boolean; next_cursor: string | null }>(
      `${BATCHES}/${id}/items?limit=2${query}${cursor}`,
    );
    expect(page.data.length).toBeLessThanOrEqual(2);
    all.push(...page.data);
    cursor = page.has_more ? `&cursor=${page.next_cursor}` : '';
  } while (cursor !== '');
  return all;
}

describe('a ZIP of cards and of what is none', () => {
  let batch: Batch;

  beforeAll(async () => {
    batch = await create(
      archive([
        { name: 'a/ktp-1.jpg', data: card },
        { name: '__MACOSX/._ktp-1.jpg', data: text },
        { name: 'a/' },
        { name: '.DS_Store', data: text },
        { name: 'a/Thumbs.db', data: text },
        { name: 'readme.txt', data: text },
        { name: '../../climbs.jpg', data: card },
        { name: '/absolute.jpg', data: card },
        { name: 'link.jpg', data: Buffer.from('/etc/passwd'), mode: 0o120777 },
        { name: 'inner.zip', data: makeZip([{ name: 'x.jpg', data: card }]) },
        { name: 'secret.jpg', data: card, encrypted: true },
        { name: 'bomb.jpg', data: Buffer.alloc(40_000_000), claimedSize: 1000 },
        { name: 'ktp-2.jpg', data: exampleImage(2), stored: true },
      ]),
    );
  });

  it('ends with every card read and everything else an error', async () => {
    const end = await finished(batch.id);
    expect(end).toMatchObject({ status: 'completed', counts: { total: 9, succeeded: 2, failed: 7 } });
    const all = await items(batch.id);
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 9 }, (_, index) => index));
    const outcome = Object.fromEntries(all.map(({ error, name, status }) => [name, error?.code ?? status]));
    expect(outcome).toMatchObject({
      'a/ktp-1.jpg': 'succeeded',
      'ktp-2.jpg': 'succeeded',
      'readme.txt': expect.not.stringMatching('succeeded'),
    });
    for (const { error, status } of all) if (status === 'failed') expect(error?.retryable).toBe(false);
    expect(await items(batch.id, '&status=succeeded')).toHaveLength(2);
    expect(await items(batch.id, '&status=failed')).toHaveLength(7);
    expect(await items(batch.id, '&status=queued')).toEqual([]);
    const metrics = await (await platform.request('/metrics')).text();
    expect(metrics).toContain('ktpflow_extractions_finished_total{outcome="succeeded",code=""} 2');
  });

  it('gives its results in four formats, in the order of the input', async () => {
    const results = (format: string) => platform.request(`${BATCHES}/${batch.id}/results?format=${format}`);
    const rows = (await (await results('ndjson')).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: 9 }, (_, index) => index));
    for (const row of rows)
      expect(Object.keys(row)).toEqual(
        expect.arrayContaining(['index', 'custom_id', 'name', 'status', 'result', 'error']),
      );
    expect(rows[0]).toMatchObject({ name: 'a/ktp-1.jpg', status: 'succeeded', error: null });
    expect(JSON.stringify(rows[0].result)).toContain(exampleTruth(1).nik);
    const json = (await (await results('json')).json()) as unknown;
    expect(JSON.stringify(json)).toContain(exampleTruth(2).nik);
    const csv = (await (await results('csv')).text())
      .trim()
      .split('\r\n')
      .flatMap((line) => line.split('\n'));
    expect(csv[0]).toMatch(/^index,custom_id,name,status,error_code,nik,nama/);
    expect(csv).toHaveLength(10);
    const workbook = new ExcelJS.Workbook();
    await workbook.xlsx.load(await (await results('xlsx')).arrayBuffer());
    const sheet = workbook.worksheets[0];
    const head = sheet?.getRow(1).values as string[];
    expect(head.slice(1, 7)).toEqual(['index', 'custom_id', 'name', 'status', 'error_code', 'nik']);
    expect(sheet?.getRow(2).getCell(6).value).toBe(exampleTruth(1).nik);
    await expectRefusal(await results('pdf'), { status: 400, code: 'invalid_value', param: 'format' });
  });

  it('is retried: only what failed, and the attempts count on', async () => {
    const before = await items(batch.id);
    const response = await platform.request(`${BATCHES}/${batch.id}/retry`, { method: 'POST' });
    expect(response.status).toBe(202);
    const end = await finished(batch.id);
    expect(end).toMatchObject({ status: 'completed', counts: { total: 9, succeeded: 2, failed: 7 } });
    const after = await items(batch.id);
    for (const [index, item] of after.entries()) {
      expect(item.extraction_id).toBe(before[index]?.extraction_id);
      if (item.status === 'succeeded') expect(item.attempts).toBe(before[index]?.attempts);
      else expect(item.attempts).toBeGreaterThan(before[index]?.attempts ?? 0);
    }
  });

  it('is deleted with everything', async () => {
    const [first] = await items(batch.id);
    expect((await platform.request(`${BATCHES}/${batch.id}`, { method: 'DELETE' })).status).toBe(204);
    for (const path of ['', '/items', '/results', '/events']) {
      await expectRefusal(await platform.request(`${BATCHES}/${batch.id}${path}`), { status: 404, code: 'not_found' });
    }
    const item = await platform.request(`/v1/ktp/extractions/${first?.extraction_id}`);
    await expectRefusal(item, { status: 404, code: 'not_found' });
    await expect.poll(() => filesUnder(join(home, 'blobs'))).toEqual([]);
  });
});

describe('a form and a list', () => {
  it('of many images keeps their order and names', async () => {
    const { id } = await create(
      images([
        ['satu.jpg', card],
        ['dua.txt', text],
        ['=cmd|tiga.jpg', card],
      ]),
    );
    expect(await finished(id)).toMatchObject({ status: 'completed', counts: { total: 3, succeeded: 2, failed: 1 } });
    const all = await items(id);
    expect(all.map(({ name, status }) => [name, status])).toEqual([
      ['satu.jpg', 'succeeded'],
      ['dua.txt', 'failed'],
      ['=cmd|tiga.jpg', 'succeeded'],
    ]);
    const csv = await (await platform.request(`${BATCHES}/${id}/results?format=csv`)).text();
    expect(csv).not.toMatch(/(^|,)"?=cmd/m);
  });

  it('of JSON items keeps custom ids and metadata', async () => {
    const { id } = await create(
      jsonRequest({
        items: [
          { image_base64: card.toString('base64'), custom_id: 'one', metadata: { a: 'b' } },
          { image_url: 'http://169.254.169.254/x.jpg', custom_id: 'two' },
          { image_base64: '@@@', custom_id: 'three' },
        ],
        metadata: { batch: 'x' },
      }),
    );
    expect(await finished(id)).toMatchObject({
      status: 'completed',
      counts: { total: 3, succeeded: 1, failed: 2 },
      metadata: { batch: 'x' },
    });
    expect((await items(id)).map(({ custom_id, error, status }) => [custom_id, status, error?.code ?? null])).toEqual([
      ['one', 'succeeded', null],
      ['two', 'failed', 'blocked_url'],
      ['three', 'failed', 'invalid_image'],
    ]);
  });

  it('are listed, newest first, page by page', async () => {
    const page = await get<{ object: string; data: Batch[]; has_more: boolean; next_cursor: string }>(
      `${BATCHES}?limit=1`,
    );
    expect(page).toMatchObject({ object: 'list', has_more: true, data: [{ object: 'ktp.batch' }] });
    const next = await get<{ data: Batch[] }>(`${BATCHES}?limit=1&cursor=${page.next_cursor}`);
    expect(next.data[0]?.id).not.toBe(page.data[0]?.id);
  });
});

describe('a batch that is no batch', () => {
  const invalidArchive: Refusal = { status: 400, code: 'invalid_archive' };
  const cases: [name: string, init: () => RequestInit, refusal: Refusal][] = [
    ['no body', () => ({}), { status: 422, code: 'missing_image' }],
    ['an empty form', () => ({ body: new FormData() }), { status: 422, code: 'missing_image' }],
    ['no items', () => jsonRequest({ items: [] }), { status: 400, code: 'invalid_value', param: 'items' }],
    [
      'not JSON',
      () => ({ body: '{', headers: { 'content-type': 'application/json' } }),
      { status: 400, code: 'invalid_json' },
    ],
    [
      'an unknown strategy',
      () => jsonRequest({ items: [{ image_base64: 'AAAA' }], options: { strategy: 'x' } }),
      { status: 400, code: 'invalid_value' },
    ],
  ];
  it.each(cases)('%s', async (_name, init, refusal) => {
    await expectRefusal(await platform.request(BATCHES, { method: 'POST', ...init() }), refusal);
  });

  it.each([
    ['nothing', []],
    ['only what is skipped', [{ name: '__MACOSX/x', data: text }, { name: 'folder/' }]],
  ])('an archive of %s', async (_name, entries) => {
    await expectRefusal(await platform.request(BATCHES, { method: 'POST', ...archive(entries) }), invalidArchive);
  });

  it('an archive that is none', async () => {
    const form = new FormData();
    form.append('archive', new Blob([new Uint8Array(text)]), 'a.zip');
    await expectRefusal(await platform.request(BATCHES, { method: 'POST', body: form }), invalidArchive);
  });

  it('an unknown one', async () => {
    for (const path of ['', '/items', '/results', '/events']) {
      await expectRefusal(await platform.request(`${BATCHES}/batch_${'0'.repeat(32)}${path}`), {
        status: 404,
        code: 'not_found',
      });
    }
  });
});

describe('a running batch', () => {
  const many = (count: number) =>
    jsonRequest({
      items: Array.from({ length: count }, (_, index) => ({
        image_base64: card.toString('base64'),
        custom_id: `c${index}`,
      })),
    });

  async function underway(id: string): Promise<void> {
    const done = async () => (await get<Batch>(`${BATCHES}/${id}`)).counts.succeeded;
    await expect.poll(done, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
  }

  it('is cancelled: what is finished stays, and the rest is cancelled', async () => {
    const { id } = await create(many(30));
    await expectRefusal(await platform.request(`${BATCHES}/${id}/retry`, { method: 'POST' }), {
      status: 409,
      code: 'batch_running',
    });
    await underway(id);
    const response = await platform.request(`${BATCHES}/${id}/cancel`, { method: 'POST' });
    expect(response.status).toBe(200);
    const end = await finished(id);
    expect(end.status).toBe('cancelled');
    expect(end.counts.succeeded).toBeGreaterThan(0);
    expect(end.counts.cancelled).toBeGreaterThan(0);
    expect(end.counts.succeeded + end.counts.cancelled).toBe(30);
    expect((await platform.request(`${BATCHES}/${id}/cancel`, { method: 'POST' })).status).toBe(200);
    await expect.poll(() => filesUnder(join(home, 'blobs'))).toEqual([]);
  });
});
