import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isKnownText } from '../../../src/inference/card-reader/known-text.ts';
import { areOfOtherDocument } from '../../../src/inference/card-reader/other-document.ts';
import { readCard } from '../../../src/inference/card-reader/read-card.ts';
import { createPpOcr, type PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import type { CardForm } from '../../../src/ktp/card-form.ts';
import type { Quad, TextLine } from '../../../src/text-lines/text-line.ts';
import { drawNegative } from '../../../tools/make-cards/negatives.ts';
import { textLine } from '../ktp/card-lines.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

const LICENCE = ['SURAT IZIN MENGEMUDI', '1. Nama', ': SITI SPESIMEN', '4. Alamat', ': JL. MAWAR 4', '5. Pekerjaan'];
const FORM: CardForm = { header: false, issue: false, otherSigns: 0 };
const box = (left: number, top: number, width = 100): Quad => [
  { x: left, y: top },
  { x: left + width, y: top },
  { x: left + width, y: top + 20 },
  { x: left, y: top + 20 },
];
const rows = (texts: readonly string[], confidence = 0.99): TextLine[] =>
  texts.map((text, row) => textLine(text, box(40, 40 + 30 * row, 12 * text.length), confidence));

describe('areOfOtherDocument', () => {
  it('tells a licence that can be read: it was looked at twelve times', () => {
    expect(areOfOtherDocument(rows(LICENCE), 0.02, FORM)).toBe(true);
  });

  it('says nothing of what may be a card, nor of a few lines', () => {
    expect(areOfOtherDocument(rows(LICENCE), 0.2, FORM)).toBe(false);
    expect(areOfOtherDocument(rows(LICENCE.slice(0, 4)), 0.02, FORM)).toBe(false);
  });

  it('says nothing of lines that cannot be read: a rendering may show a card', () => {
    expect(areOfOtherDocument(rows(LICENCE, 0.9), 0.02, FORM)).toBe(false);
    const half = [...rows(LICENCE), ...rows(LICENCE.slice(0, 4), 0.6)];
    expect(areOfOtherDocument(half, 0.02, FORM)).toBe(false);
  });

  it('says nothing of words that are written all over: they hide a card, and are as legible as a letter', () => {
    const marks = rows(Array.from({ length: 9 }, () => 'HANYA UNTUK VERIFIKASI'));
    expect(areOfOtherDocument(marks, 0.02, FORM)).toBe(false);
    const unknown = rows(Array.from({ length: 9 }, () => 'KOPERASI CONTOH'));
    expect(areOfOtherDocument(unknown, 0.02, FORM)).toBe(false);
    expect(areOfOtherDocument(unknown, 0.02, { ...FORM, otherSigns: 2 })).toBe(true);
  });
});

describe('isKnownText', () => {
  it('knows text again that another look cuts up differently, and no other', () => {
    expect(isKnownText([box(10, 2, 40), box(60, 1, 30)], [box(0, 0)])).toBe(true);
    expect(isKnownText([box(10, 2, 40), box(10, 30)], [box(0, 0)])).toBe(false);
    expect(isKnownText([box(10, 2)], [])).toBe(false);
  });

  it('knows it whatever way the picture is turned or mirrored', () => {
    const [a, b, c, d] = box(0, 0);
    expect(isKnownText([box(10, 2, 40)], [[d, c, b, a]])).toBe(true);
  });
});

describe('a picture of another document', () => {
  let ocr: PpOcr;
  beforeAll(async () => {
    ocr = await createPpOcr(MODEL_PATHS);
  });
  afterAll(() => ocr.close());

  /** How often the detector looks until an answer comes. */
  async function looksAt(bytes: Uint8Array): Promise<{ looks: number; code: string }> {
    let looks = 0;
    const counted: PpOcr = {
      ...ocr,
      detect: (picture, window) => {
        looks++;
        return ocr.detect(picture, window);
      },
    };
    const code = await readCard(counted, bytes).then(
      () => 'read',
      (error: { code: string }) => error.code,
    );
    return { looks, code };
  }

  it.each(['sim', 'student', 'letter'] as const)(
    'is refused (%s) after no more looks than a card gets',
    async (kind) => {
      const { jpeg } = await drawNegative(51, kind);
      const { code, looks } = await looksAt(jpeg);
      expect(code).toBe('not_a_ktp');
      expect(looks).toBeLessThanOrEqual(3);
    },
  );

  it('does not keep a card from being read', async () => {
    expect((await looksAt(await readFile(new URL('bogor.jpg', FIXTURES)))).code).toBe('read');
  });
});
