import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import type { ResultRow } from '../../src/batch/results/result-row.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import { errorOf, imageForm, jsonOf, specimen, startTestApi, type TestApi } from '../support/api.ts';
import { A4, CARD_WIDTH, makePdf, type PdfPage } from '../support/pdf.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

const NIK = '3504074906650000';
const fixture = (name: string) => readFile(new URL(`../fixtures/documents/${name}`, import.meta.url));

let platform: Platform;
let api: TestApi;
let card: Buffer;
let size: { width: number; height: number };

beforeAll(async () => {
  platform = await startPlatform();
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
  card = await specimen();
  const { height, width } = await sharp(card).metadata();
  size = { width, height };
}, 90_000);
afterAll(async () => {
  await api?.close();
  await platform?.stop();
});

const read = (bytes: Uint8Array) => api.request('/ktp-ocr/', { method: 'POST', body: imageForm(bytes) });
const page = (width: number, sheet = A4): PdfPage => ({ jpeg: card, size, sheet, at: { x: 40, y: 420, width } });
const blank = (): PdfPage => ({ ...page(1), at: { x: -900, y: 0, width: 1 } });

describe('documents', () => {
  it('HEIC and AVIF are read as the pictures that they are', async () => {
    const avif = await sharp(card).avif({ quality: 60, effort: 0 }).toBuffer();
    for (const bytes of [await fixture('ktp-1.heic'), avif]) {
      expect(await jsonOf(await read(bytes))).toMatchObject({ nik: NIK });
    }
  });

  it('the first page of a PDF that shows a card is read, at its true size on the sheet too', async () => {
    expect(await jsonOf(await read(makePdf([page(500)])))).toMatchObject({ nik: NIK });
    expect(await jsonOf(await read(makePdf([blank(), page(CARD_WIDTH)])))).toMatchObject({ nik: NIK });
  });

  it('a PDF without a card is not_a_ktp, a protected or broken one invalid_image', async () => {
    expect(await errorOf(await read(makePdf([blank()])))).toMatchObject({ status: 422, code: 'not_a_ktp' });
    expect(await errorOf(await read(await fixture('encrypted.pdf')))).toMatchObject({
      status: 400,
      code: 'invalid_image',
    });
    expect(await errorOf(await read(Buffer.from('%PDF-1.7\n')))).toMatchObject({ status: 400, code: 'invalid_image' });
  });

  it('a PDF is an item of a batch', async () => {
    const form = new FormData();
    form.append('images', new Blob([new Uint8Array(makePdf([page(500)]))]), 'scan.pdf');
    const created = await jsonOf<{ id: string }>(await api.request('/v1/ktp/batches', { method: 'POST', body: form }));
    await expect
      .poll(async () => (await jsonOf<{ status: string }>(await api.request(`/v1/ktp/batches/${created.id}`))).status, {
        timeout: 30_000,
      })
      .toBe('completed');
    const results = await (await api.request(`/v1/ktp/batches/${created.id}/results`)).text();
    expect(JSON.parse(results)).toMatchObject({ status: 'succeeded', result: { compat: { nik: NIK } } });
  });

  it('four cards on a scanned sheet are four results, of a single reading and of a batch', {
    timeout: 300_000,
  }, async () => {
    const cards = await Promise.all([11, 12, 13, 14].map((seed) => degrade(seed, 'scan', 'mild')));
    const niks = cards.map(({ truth }) => truth.fields.nik);
    const places = [
      { left: 150, top: 200 },
      { left: 1_300, top: 240 },
      { left: 150, top: 1_500 },
      { left: 1_280, top: 1_480 },
    ];
    const sheet = await sharp({ create: { width: 2_480, height: 3_508, channels: 3, background: 'white' } })
      .composite(
        await Promise.all(
          cards.map(async ({ jpeg }, index) => ({
            input: await sharp(jpeg).resize({ width: 1_011 }).toBuffer(),
            ...(places[index] ?? { left: 0, top: 0 }),
          })),
        ),
      )
      .jpeg({ quality: 92 })
      .toBuffer();
    const path = '/v1/ktp/extractions?wait=60';
    const options = { cards: 'all' };
    const created = await jsonOf<ExtractionJob>(
      await api.request(path, { method: 'POST', body: imageForm(sheet, options) }),
    );
    let job = created;
    while (job.finished_at === null) {
      job = await jsonOf<ExtractionJob>(await api.request(`${created.links.self}?wait=60`));
    }
    expect(job.results?.map(({ compat }) => compat.nik)).toEqual(niks);
    expect(job.result).toEqual(job.results?.[0]);

    const form = new FormData();
    form.append('images', new Blob([new Uint8Array(sheet)]), 'sheet.jpg');
    form.append('images', new Blob([new Uint8Array(card)]), 'one.jpg');
    form.append('options', JSON.stringify(options));
    const batch = await jsonOf<{ id: string }>(await api.request('/v1/ktp/batches', { method: 'POST', body: form }));
    const ended = async () =>
      (await jsonOf<{ finished_at: string | null }>(await api.request(`/v1/ktp/batches/${batch.id}?wait=60`)))
        .finished_at;
    while ((await ended()) === null);
    const results = await (await api.request(`/v1/ktp/batches/${batch.id}/results`)).text();
    const rows = results
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ResultRow);
    expect(rows.map(({ name, result }) => [name, result?.compat.nik])).toEqual([
      ['sheet.jpg#1', niks[0]],
      ['one.jpg', NIK],
      ['sheet.jpg#2', niks[1]],
      ['sheet.jpg#3', niks[2]],
      ['sheet.jpg#4', niks[3]],
    ]);
  });

  it('a TIFF of several pages is read like a PDF', async () => {
    const white = await sharp({ create: { width: size.width, height: size.height, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    const bytes = await sharp([white, card], { join: { animated: true } })
      .tiff({ compression: 'jpeg' })
      .toBuffer();
    expect(await jsonOf(await read(bytes))).toMatchObject({ nik: NIK });
  });
});
