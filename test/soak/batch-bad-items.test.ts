import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { distinct, drawCards } from '../../bench/batch/cards.ts';
import type { BatchItemObject, BatchObject } from '../../src/api/batches/batch-schema.ts';
import { drawNegative } from '../../tools/make-cards/negatives.ts';
import { EmbeddedPlatform, temporaryFolder } from '../e2e/embedded-platform.ts';

const ITEMS = 200;
const MAX_IMAGE_MB = 4;
const folder = temporaryFolder();
let platform: EmbeddedPlatform;

beforeAll(async () => {
  platform = await EmbeddedPlatform.start(join(folder.path, 'home'), { MAX_IMAGE_MB: String(MAX_IMAGE_MB) });
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

/** Every tenth item is bad, in four ways in turn. */
async function makeBad(index: number): Promise<{ bytes: Buffer; code: string }> {
  switch (index % 4) {
    case 0:
      return { bytes: Buffer.from(`\xff\xd8\xff not a picture ${index}`, 'latin1'), code: 'invalid_image' };
    case 1:
      return { bytes: (await drawNegative(index, 'sim')).jpeg, code: 'not_a_ktp' };
    case 2:
      return { bytes: Buffer.alloc(MAX_IMAGE_MB * 1024 * 1024 + 1 + index, 1), code: 'payload_too_large' };
    default:
      return { bytes: Buffer.alloc(0), code: 'invalid_image' };
  }
}

async function get<Body>(path: string): Promise<Body> {
  const response = await platform.request(path);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

async function finished(batch: BatchObject): Promise<BatchObject> {
  for (;;) {
    const now = await get<BatchObject>(`${batch.links.self}?wait=60`);
    if (now.status === 'completed') return now;
    expect(now.status).toMatch(/queued|running/);
  }
}

async function itemsOf(batch: BatchObject): Promise<BatchItemObject[]> {
  const items: BatchItemObject[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { data: BatchItemObject[]; next_cursor: string | null } = await get(
      `${batch.links.items}?limit=100${query}`,
    );
    items.push(...page.data);
    cursor = page.next_cursor;
  }
  return items;
}

it('exactly the bad items of 200 fail, with their codes, and a retry touches only them', async () => {
  const cards = await drawCards(12);
  const codes = new Map<number, string>();
  const body = new FormData();
  for (let index = 0; index < ITEMS; index++) {
    const bad = index % 10 === 7 ? await makeBad((index - 7) / 10) : undefined;
    if (bad) codes.set(index, bad.code);
    const bytes = bad?.bytes ?? distinct(cards[index % cards.length] ?? Buffer.alloc(0), index);
    body.append('images', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), `${index}.jpg`);
  }
  const response = await platform.request('/v1/ktp/batches', { method: 'POST', body });
  expect(response.status).toBe(202);
  const batch = await finished((await response.json()) as BatchObject);
  const bad = codes.size;
  expect(bad).toBe(ITEMS / 10);
  const counts = { total: ITEMS, queued: 0, running: 0, succeeded: ITEMS - bad, failed: bad, cancelled: 0 };
  expect(batch.counts).toEqual(counts);
  const items = await itemsOf(batch);
  const failures = (of: readonly BatchItemObject[]) =>
    new Map(of.filter(({ status }) => status === 'failed').map(({ error, index }) => [index, error?.code]));
  expect(failures(items)).toEqual(codes);
  expect(items.every(({ attempts }) => attempts === 1)).toBe(true);

  const retried = await platform.request(batch.links.retry, { method: 'POST' });
  expect(retried.status).toBe(202);
  const again = await finished((await retried.json()) as BatchObject);
  expect(again).toMatchObject({ id: batch.id, run: 2, counts });
  const after = await itemsOf(again);
  expect(failures(after)).toEqual(codes);
  expect(after.map(({ attempts }) => attempts)).toEqual(after.map(({ index }) => (codes.has(index) ? 2 : 1)));
});
