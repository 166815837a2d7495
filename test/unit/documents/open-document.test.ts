import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { KtpflowError } from '../../../src/errors.ts';
import { readFirstCard } from '../../../src/inference/documents/read-first-card.ts';
import { documentKind } from '../../../src/media/documents/document-kind.ts';
import { openDocument } from '../../../src/media/documents/open-document.ts';
import { makeBmp } from '../../support/bmp.ts';
import { A4, CARD_WIDTH, makePdf, type PdfPage } from '../../support/pdf.ts';

let card: Buffer;
let size: { width: number; height: number };
let heic: Buffer;

beforeAll(async () => {
  card = await readFile(new URL('../../../examples/ktp-1.jpg', import.meta.url));
  const { height, width } = await sharp(card).metadata();
  size = { width, height };
  heic = await readFile(new URL('../../fixtures/documents/ktp-1.heic', import.meta.url));
});

const BMP = { bits: 24, headerSize: 40, topDown: false, masks: null, gap: 0 } as const;
const onA4 = (): PdfPage => ({ jpeg: card, size, sheet: A4, at: { x: 60, y: 500, width: CARD_WIDTH } });

describe('the kind of a document', () => {
  it('is told by its first bytes, a line in front of them or not', () => {
    expect(documentKind(makePdf([onA4()]))).toBe('pdf');
    for (const slip of ['\n\n', '\ufeff']) {
      expect(documentKind(Buffer.concat([Buffer.from(slip), makePdf([onA4()])]))).toBe('pdf');
    }
    expect(documentKind(heic)).toBe('heif');
    expect(documentKind(makeBmp(BMP, 8, 8, () => 0).bytes)).toBe('bmp');
    expect(documentKind(card)).toBeNull();
    expect(documentKind(Buffer.from('a text about %PDF- files'))).toBeNull();
    expect(documentKind(Buffer.alloc(0))).toBeNull();
  });
});

describe('a document', () => {
  it('shows each page of a PDF at 300 dpi', async () => {
    const document = await openDocument('pdf', makePdf([onA4(), onA4()]));
    expect(document.count).toBe(2);
    const { format, height, width } = await sharp(await document.render(1)).metadata();
    expect([format, width, height]).toEqual(['jpeg', 2479, 3508]);
    document.close();
  });

  it('shows a picture of a phone, HEIC or AVIF', async () => {
    const avif = await sharp(card).avif({ quality: 50, effort: 0 }).toBuffer();
    for (const bytes of [heic, avif]) {
      const document = await openDocument('heif', bytes);
      expect(document.count).toBe(1);
      const { data, info } = await sharp(await document.render(0))
        .resize(40, 25, { fit: 'fill' })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const original = await sharp(card).resize(40, 25, { fit: 'fill' }).raw().toBuffer();
      const difference = data.reduce((sum, value, index) => sum + Math.abs(value - (original[index] ?? 0)), 0);
      expect(difference / (info.width * info.height * 3)).toBeLessThan(6);
      document.close();
    }
  });

  it('shows a bitmap, and refuses a compressed one by a sentence that says why', async () => {
    const { data, info } = await sharp(card).resize(300).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const colours = Array.from({ length: info.width * info.height }, (_, at) => data.readUIntBE(at * 3, 3)).values();
    const bytes = makeBmp(BMP, info.width, info.height, () => colours.next().value ?? 0).bytes;
    const document = await openDocument('bmp', bytes);
    const shown = await sharp(await document.render(0))
      .raw()
      .toBuffer();
    document.close();
    const difference = shown.reduce((sum, value, index) => sum + Math.abs(value - (data[index] ?? 0)), 0);
    expect(difference / data.length).toBeLessThan(3);
    bytes.writeUInt32LE(1, 30);
    await expect(openDocument('bmp', bytes)).rejects.toMatchObject({
      code: 'unsupported_media_type',
      message: 'The BMP is compressed, or of a depth that is not supported.',
    });
  });

  it.each([
    ['cut in the middle', (pdf: Buffer) => pdf.subarray(0, 300)],
    ['that is only a header', () => Buffer.from('%PDF-1.7\n')],
    [
      'with a page without an area',
      (pdf: Buffer) => Buffer.from(pdf.toString('latin1').replace('0 0 595 842', '0 0 0 0    '), 'latin1'),
    ],
    ['full of noise', (pdf: Buffer) => Buffer.concat([pdf.subarray(0, 20), Buffer.alloc(200_000, 0xa5)])],
  ])('%s is refused, and leaves no process', async (_, damage) => {
    const reading = async () => {
      const document = await openDocument('pdf', damage(makePdf([onA4()])));
      try {
        return await document.render(0);
      } finally {
        document.close();
      }
    };
    // PDFium mends some of them: then a page is shown, and holds nothing.
    const outcome = await reading().catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'invalid_image' });
    else expect((await sharp(outcome as Uint8Array).metadata()).format).toBe('jpeg');
  });

  it('is given up at once when nobody waits for it any more', async () => {
    const gone = new AbortController();
    const document = await openDocument('pdf', makePdf([onA4()]), gone.signal);
    const rendering = document.render(0);
    gone.abort(new Error('gone'));
    await expect(rendering).rejects.toThrow('gone');
  });
});

describe('the first card of a document', () => {
  const reader = (cardOn: number) => {
    const seen: number[] = [];
    return {
      seen,
      read: async (bytes: Uint8Array) => {
        seen.push(bytes.length);
        if (seen.length - 1 !== cardOn) throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
        return `page ${seen.length}`;
      },
    };
  };

  it('is looked for page by page, and no further', async () => {
    const pool = reader(1);
    expect(await readFirstCard(pool, makePdf([onA4(), onA4(), onA4()]), {})).toBe('page 2');
    expect(pool.seen).toHaveLength(2);
  });

  it('is not_a_ktp where no page shows one', async () => {
    await expect(readFirstCard(reader(9), makePdf([onA4(), onA4()]), {})).rejects.toMatchObject({ code: 'not_a_ktp' });
  });
});
