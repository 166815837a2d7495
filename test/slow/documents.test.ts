import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
