import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchItemObject, BatchObject } from '../../src/api/batches/batch-schema.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { A4, makePdf } from '../support/pdf.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';
import { makeZip } from '../support/zip.ts';

const RESULT = await specimenResult();
let platform: Platform;
let api: TestApi;
const reader = new ColourReader(() => platform, RESULT);

beforeAll(async () => {
  platform = await startPlatform({ environment: { ALLOW_PRIVATE_URLS: '1' }, readCard: () => reader.readCard });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
});
afterAll(async () => {
  await api.close();
  await platform.stop();
});

const post = async (init: RequestInit) =>
  jsonOf<BatchObject>(await api.request('/v1/ktp/batches', { method: 'POST', ...init }));
const finished = async ({ links }: BatchObject) => jsonOf<BatchObject>(await api.request(`${links.self}?wait=60`));
const itemsOf = async ({ links }: BatchObject) =>
  (await jsonOf<{ data: BatchItemObject[] }>(await api.request(`${links.items}?limit=100`))).data;

function form(files: readonly (readonly [string, Buffer])[], fields: Record<string, unknown> = {}): RequestInit {
  const body = new FormData();
  for (const [name, bytes] of files) body.append('images', new Blob([new Uint8Array(bytes)]), name);
  for (const [name, value] of Object.entries(fields)) body.append(name, JSON.stringify(value));
  return { body };
}

function archive(bytes: Buffer): RequestInit {
  const body = new FormData();
  body.append('archive', new Blob([new Uint8Array(bytes)]), 'cards.zip');
  return { body };
}

describe('a document of several pages', { timeout: 120_000 }, () => {
  const jpeg = async (red: number) => {
    const [width, height] = [40, 25];
    const data = await sharp(await picture(red, 200))
      .jpeg()
      .toBuffer();
    return { jpeg: data, size: { width, height }, sheet: A4, at: { x: 0, y: 0, width: A4.width } };
  };
  const pdf = async (...reds: number[]) => makePdf(await Promise.all(reds.map(jpeg)));
  const shown = async (batch: BatchObject) =>
    (await itemsOf(batch)).map(({ custom_id, name, status }) => [name, custom_id, status]);

  it('handed in as an image becomes an item a page, in its place and with its labels', async () => {
    const files: [string, Buffer][] = [
      ['a.pdf', await pdf(1, 2, 3)],
      ['b.png', await picture(4)],
      ['c.tiff', await tiff([5, 6])],
    ];
    const items = [{ custom_id: 'a' }, { custom_id: 'b' }, { custom_id: 'c' }];
    const accepted = await post(form(files, { items }));
    expect(accepted.counts.total).toBe(6);
    const batch = await finished(accepted);
    expect(await shown(batch)).toEqual([
      ['a.pdf#1', 'a', 'succeeded'],
      ['a.pdf#2', 'a', 'succeeded'],
      ['a.pdf#3', 'a', 'succeeded'],
      ['b.png', 'b', 'succeeded'],
      ['c.tiff#1', 'c', 'succeeded'],
      ['c.tiff#2', 'c', 'succeeded'],
    ]);
    expect(await platform.database.batchDocument.count({ where: { batchId: batch.id } })).toBe(0);
    expect(await blobCount()).toBe(0);
  });

  it('in an archive or at a URL becomes items when its turn comes, and none is forgotten', async () => {
    const document = await pdf(11, 12, 13);
    const zip = makeZip([
      { name: 'scans/x.pdf', data: document },
      { name: 'y.png', data: await picture(14) },
    ]);
    const unpacked = await finished(await post(archive(zip)));
    expect((await shown(unpacked)).map(([name]) => name)).toEqual([
      'scans/x.pdf#1',
      'y.png',
      'scans/x.pdf#2',
      'scans/x.pdf#3',
    ]);
    expect(unpacked).toMatchObject({ status: 'completed', counts: { total: 4, succeeded: 4 } });

    const server = createServer((_request, response) => response.end(document));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const image_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const fetched = await finished(await post(jsonRequest({ items: [{ image_url, name: 'z.pdf', custom_id: 'z' }] })));
    server.close();
    expect(await shown(fetched)).toEqual([1, 2, 3].map((page) => [`z.pdf#${page}`, 'z', 'succeeded']));
    expect(await blobCount()).toBe(0);
  });

  it('of too many pages is one failed item', async () => {
    const batch = await finished(await post(form([['long.tiff', await tiff(Array.from({ length: 501 }, () => 1))]])));
    const [item] = await itemsOf(batch);
    expect(item).toMatchObject({ status: 'failed', error: { code: 'invalid_image' } });
    expect(batch.counts.total).toBe(1);
  });

  it('counts its pages against the limit of a batch, before anything is started', async () => {
    const small = await startTestApi(platform, { MAX_BATCH_ITEMS: '2' });
    try {
      const init = { method: 'POST', ...form([['c.tiff', await tiff([1, 2, 3])]]) };
      expect(await errorOf(await small.request('/v1/ktp/batches', init))).toMatchObject({ code: 'invalid_value' });
      expect(await blobCount()).toBe(0);
    } finally {
      await small.close();
    }
  });

  async function blobCount(): Promise<number> {
    const names = await readdir(join(platform.folder, 'blobs'), { recursive: true, withFileTypes: true });
    return names.filter((entry) => entry.isFile()).length;
  }
});

/** A TIFF of several pages, each of one colour. */
async function tiff(reds: readonly number[]): Promise<Buffer> {
  const pages = await Promise.all(reds.map((red) => picture(red, 100)));
  return sharp(pages, { join: { animated: true } })
    .tiff({ compression: 'deflate' })
    .toBuffer();
}
