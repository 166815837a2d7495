import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCard } from '../../../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import type { KtpResult } from '../../../src/ktp/schema.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

const NIK = '3201124507920000';

describe('readCard', () => {
  let ocr: PpOcr;
  let card: Buffer;
  let upright: KtpResult;
  const read = (bytes: Buffer, options = {}) => readCard(ocr, bytes, options);
  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
    card = await readFile(new URL('bogor.jpg', FIXTURES));
    // The gate is on: a sharp card passes it.
    ({ result: upright } = await read(card, { rejectLowQuality: true }));
  });
  afterAll(() => ocr.close());

  it('reads an upright card', () => {
    const result = upright;
    expect(result.compat).toMatchObject({ nik: NIK, nama: 'MARIA HARTONO', agama: 'ISLAM', gol_darah: 'O' });
    expect(result.quality.flags).toEqual([]);
    expect(result.engine).toEqual({ strategy: 'ocr', ocr: 'PP-OCRv6-small', vlm: null });
  });

  it('looks for no card in an empty page: that took longer than to read one', async () => {
    const unasked = new Proxy(ocr, {
      get() {
        throw new Error('It was read.');
      },
    });
    const page = (background: string) =>
      sharp({ create: { width: 826, height: 1169, channels: 3, background } })
        .jpeg({ quality: 70 })
        .toBuffer();
    for (const colour of ['#ffffff', '#f4efe3', '#000000']) {
      await expect(readCard(unasked, await page(colour))).rejects.toMatchObject({ code: 'not_a_ktp' });
    }
    // A page with a dot on it is looked at.
    const dot = await sharp(await page('#ffffff'))
      .composite([
        { input: { create: { width: 9, height: 9, channels: 3, background: '#777777' } }, left: 90, top: 90 },
      ])
      .jpeg()
      .toBuffer();
    await expect(readCard(unasked, dot)).rejects.toThrow('It was read.');
  });

  it.each([180, 270])('reads a card that is turned by %i degrees, with boxes of the upright picture', async (angle) => {
    const { result } = await read(await sharp(card).rotate(angle).jpeg().toBuffer());
    expect(result.compat).toMatchObject({ nik: NIK, nama: 'MARIA HARTONO' });
    expect(result.quality.flags).toEqual(['rotated']);
    const box = upright.fields.nik.box!;
    for (const [side, value] of result.fields.nik.box!.entries()) expect(value).toBeCloseTo(box[side]!, 1);
  });

  it('reads a card that lies askew and small on a desk', async () => {
    const small = await sharp(card).resize(640).rotate(28, { background: '#75655a' }).png().toBuffer();
    const desk = await sharp({ create: { width: 2000, height: 1500, channels: 3, background: '#75655a' } })
      .composite([{ input: small, left: 1100, top: 700 }])
      .jpeg()
      .toBuffer();
    const { result } = await read(desk);
    expect(result.compat).toMatchObject({ nik: NIK, nama: 'MARIA HARTONO', berlaku_hingga: 'SEUMUR HIDUP' });
    expect(result.quality.flags).toContain('rotated');
  });

  it('reads a mirrored card, with boxes of the picture as it was sent', async () => {
    const { result } = await read(await sharp(card).flop().jpeg().toBuffer());
    expect(result.compat).toMatchObject({ nik: NIK, nama: 'MARIA HARTONO' });
    const [left, , right] = result.fields.nik.box!;
    const [plainLeft, , plainRight] = upright.fields.nik.box!;
    expect(left).toBeCloseTo(1 - plainRight, 1);
    expect(right).toBeCloseTo(1 - plainLeft, 1);
  });

  it('reads a card at true size on one of three joined pages, without a flag', async () => {
    const small = await sharp(card).resize(640).png().toBuffer();
    const pages = await sharp({ create: { width: 1240, height: 5262, channels: 3, background: '#fbfbfb' } })
      .composite([{ input: small, left: 240, top: 3900 }])
      .jpeg()
      .toBuffer();
    const { result } = await read(pages);
    expect(result.compat).toMatchObject({ nik: NIK, nama: 'MARIA HARTONO' });
    expect(result.quality.flags).toEqual([]);
  });

  it('reads the larger of two cards, and says that there are several', async () => {
    const other = await sharp(await readFile(new URL('jayapura-soft.jpg', FIXTURES)))
      .resize(760)
      .png()
      .toBuffer();
    const two = await sharp({ create: { width: 1200, height: 1400, channels: 3, background: '#5d6b60' } })
      .composite([
        { input: other, left: 60, top: 40 },
        { input: card, left: 120, top: 680 },
      ])
      .jpeg()
      .toBuffer();
    const { result } = await read(two);
    expect(result.compat.nik).toBe(NIK);
    expect(result.quality.flags).toContain('multiple_cards');
  });

  it('refuses what is not a KTP', async () => {
    const blank = await sharp({ create: { width: 600, height: 400, channels: 3, background: '#fff' } })
      .jpeg()
      .toBuffer();
    await expect(read(blank)).rejects.toMatchObject({ code: 'not_a_ktp' });
    const letter = Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><rect width="100%" height="100%" fill="#fff"/>
      <g font-family="Liberation Sans, sans-serif" font-size="28"><text x="60" y="90">Yth. Bapak dan Ibu,</text>
      <text x="60" y="150">Nama : terlampir, Alamat : terlampir</text><text x="60" y="200">kami mengundang</text></g></svg>`,
    );
    await expect(read(await sharp(letter).png().toBuffer())).rejects.toMatchObject({ code: 'not_a_ktp' });
  });

  it('does not survey a picture twice that shows other text, or nothing, well enough', async () => {
    const letter = `<svg width="1200" height="900"><rect width="1200" height="900" fill="white"/>${[
      1, 2, 3, 4, 5, 6, 7, 8,
    ]
      .map(
        (row) =>
          `<text x="90" y="${90 * row}" font-size="44" font-family="sans-serif">Laporan bulanan nomor ${row}00 toko</text>`,
      )
      .join('')}</svg>`;
    const blank = sharp({ create: { width: 1200, height: 900, channels: 3, background: '#dddddd' } });
    for (const [picture, widths] of [[sharp(Buffer.from(letter)), [736]] as const, [blank, []] as const]) {
      const surveys: number[] = [];
      const counting: PpOcr = {
        ...ocr,
        detect: (pyramid, window) => {
          if (window.toSource[2] === 0 && window.toSource[5] === 0) surveys.push(window.width);
          return ocr.detect(pyramid, window);
        },
      };
      await expect(readCard(counting, await picture.jpeg().toBuffer())).rejects.toMatchObject({ code: 'not_a_ktp' });
      expect(surveys).toEqual(widths);
    }
  });

  it('finds a card that is too small for the first look at a large picture, beside a poster', async () => {
    const poster = `<svg width="1500" height="700"><rect width="1500" height="700" fill="white"/>${[1, 2, 3]
      .map((row) => `<text x="60" y="${200 * row}" font-size="120" font-family="sans-serif">PROMO AKHIR TAHUN</text>`)
      .join('')}</svg>`;
    const scene = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#75655a' } })
      .composite([
        { input: Buffer.from(poster), left: 200, top: 150 },
        { input: await sharp(card).resize(820).png().toBuffer(), left: 2300, top: 1900 },
      ])
      .jpeg()
      .toBuffer();
    expect((await read(scene)).result.compat).toMatchObject({ nik: NIK });
  });

  it('refuses a blurred card only where the gate is on', async () => {
    const blurred = await sharp(card).blur(2.5).jpeg().toBuffer();
    expect((await read(blurred)).result.quality.flags).toContain('blurred');
    await expect(read(blurred, { rejectLowQuality: true })).rejects.toMatchObject({ code: 'quality_rejected' });
    expect(upright.compat.nik).toBe(NIK);
  });

  it('answers quality_rejected, or what it could read, for a file that ends early', async () => {
    const half = card.subarray(0, Math.floor(card.length * 0.6));
    const outcome = await read(half).then(
      ({ result }) => result.compat.berlaku_hingga,
      (error: { code: string }) => error.code,
    );
    expect(['', 'quality_rejected']).toContain(outcome);
    await expect(read(card.subarray(0, 900))).rejects.toMatchObject({ code: 'quality_rejected' });
  });

  it('stops between steps once it is aborted', async () => {
    const abort = new AbortController();
    const reading = read(card, {
      signal: abort.signal,
      onStage: (stage: string) => stage === 'reading' && abort.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
  });
});
