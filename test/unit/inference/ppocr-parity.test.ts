import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPpOcr, type PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import { decodeImage } from '../../../src/media/decode.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

interface Golden {
  lines: { text: string; score: number; quad: [number, number][] }[];
}

const PICTURES = ['bogor', 'jakarta-tilted', 'jayapura-soft'];

/** Largest distance between the same corners, pixels. */
const BOX_TOLERANCE = 4;

async function load(name: string) {
  const image = await decodeImage(await readFile(new URL(`${name}.jpg`, FIXTURES)));
  const golden = JSON.parse(await readFile(new URL(`${name}.json`, FIXTURES), 'utf8')) as Golden;
  return { raster: image.raster, golden };
}

/** Blanks around a leading colon are a matter of a pixel. */
function folded(text: string): string {
  return text.replace(/\s*:\s*/g, ':');
}

function cornerDistance(line: TextLine, quad: readonly [number, number][]): number {
  return Math.max(...line.quad.map(({ x, y }, corner) => Math.hypot(x - quad[corner]![0], y - quad[corner]![1])));
}

describe('PP-OCR', () => {
  let whole: PpOcr;
  let cut: PpOcr;
  beforeAll(async () => {
    [whole, cut] = await Promise.all([createPpOcr({ ...MODEL_PATHS, characters: 'all' }), createPpOcr(MODEL_PATHS)]);
  });
  afterAll(() => Promise.all([whole.close(), cut.close()]));

  it.each(PICTURES)('reads the same text at the same places as RapidOCR 3.10.0 in %s', async (name) => {
    const { raster, golden } = await load(name);
    const lines = await cut.read(raster);
    const missing = golden.lines.filter(
      ({ text, quad }) =>
        !lines.some((line) => folded(line.text) === folded(text) && cornerDistance(line, quad) <= BOX_TOLERANCE),
    );
    expect(missing).toEqual([]);
    expect(lines).toHaveLength(golden.lines.length);
  });

  it('reads the same text cut to the characters of a KTP as with all of them', async () => {
    const { raster } = await load('jakarta-tilted');
    const texts = async (ocr: PpOcr) => (await ocr.read(raster)).map(({ text }) => text);
    expect(await texts(cut)).toEqual(await texts(whole));
  });
});
