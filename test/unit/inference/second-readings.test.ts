import { describe, expect, it } from 'vitest';
import { findBlur } from '../../../src/inference/card-reader/find-blur.ts';
import { rereadStrokes } from '../../../src/inference/card-reader/reread-strokes.ts';
import type { PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import type { RasterPyramid } from '../../../src/media/raster.ts';
import type { Quad, TextLine } from '../../../src/text-lines/text-line.ts';
import { paint, quadAt } from './painted-card.ts';

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;

/** A line of evenly spaced characters; `reach` is the share of it that they take up. */
function lineOf(
  text: string,
  { confidence = 0.95, reach = 1, quad = quadAt(0, 0, 12 * text.length, 20) } = {},
): TextLine {
  const characters = [...text].map((character, index) => ({
    text: character,
    confidence,
    position: (reach * (index + 0.5)) / text.length,
  }));
  return { text, confidence, characters, quad };
}

/** A recogniser that says what it is told, and how often it was asked. */
function recogniser(say: (picture: RasterPyramid, quads: readonly Quad[], stretch: number) => readonly TextLine[]) {
  const asked: number[] = [];
  const ocr: Pick<PpOcr, 'recognise'> = {
    recognise: async (picture, quads, settings) => {
      asked.push(quads.length);
      return [...say(picture, quads, settings?.stretch ?? 1)];
    },
  };
  return { ocr: ocr as PpOcr, asked };
}

describe('rereadStrokes', () => {
  const picture = paint(() => 200, 60, 40);
  const reread = async (lines: TextLine[], wide: readonly TextLine[]) => {
    const { ocr, asked } = recogniser((_, quads, stretch) =>
      stretch > 1.5 && quads.length === wide.length ? wide : [],
    );
    const read = await rereadStrokes(ocr, picture, IDENTITY, lines);
    return { texts: read.map(({ text }) => text), asked };
  };

  it('finds the strokes of a numeral that fell into one', async () => {
    const { texts } = await reread([lineOf('NAMA'), lineOf('BLOK I')], [lineOf('BLOK III')]);
    expect(texts).toEqual(['NAMA', 'BLOK III']);
  });

  it('finds a stroke in the room behind the last letter', async () => {
    expect((await reread([lineOf('SUKAMAJU', { reach: 0.7 })], [lineOf('SUKAMAJU II')])).texts).toEqual([
      'SUKAMAJU II',
    ]);
  });

  it('takes nothing else from the wider crop: other letters, fewer strokes, a poor reading', async () => {
    const [narrow] = [lineOf('BLOK II')];
    for (const wide of [lineOf('BLOX III'), lineOf('BLOK I'), lineOf('BLOK III', { confidence: 0.7 })]) {
      expect((await reread([narrow], [wide])).texts).toEqual(['BLOK II']);
    }
  });

  it('costs nothing for lines without thin strokes or room', async () => {
    expect((await reread([lineOf('SUKAMAJU'), lineOf('Agama', { reach: 0.5 })], [])).asked).toEqual([]);
  });

  it('takes the ones of dates and numbers for no numeral', async () => {
    const lines = [lineOf(': ILLUSILIMO,21-02-1954'), lineOf('ACEH SELATAN, 26-11-1979'), lineOf('BATAM, 01/01 1986')];
    expect((await reread([...lines, lineOf('GG. BUNTU NO. 61/35')], [])).asked).toEqual([]);
    expect((await reread([lineOf('SUKAMAJU 11, 21-02-1954')], [])).asked).toEqual([1]);
  });
});

describe('findBlur', () => {
  const LENGTH = 12;
  /** Black and white cells without any order: print has all frequencies. */
  const print = (x: number, y: number): number =>
    Math.imul(Math.imul(x >> 1, 73856093) ^ Math.imul(y >> 1, 19349663), 0x9e3779b1) >>> 28 < 6 ? 40 : 215;
  const sharp = paint(print, 280, 200).base;
  const moved = paint(
    (x, y) => {
      let sum = 0;
      for (let step = 0; step < LENGTH; step++) sum += print(x + step, y);
      return sum / LENGTH;
    },
    280,
    200,
  ).base;
  const lines = [40, 100, 160].map((top) => lineOf('Agama', { quad: quadAt(20, top, 180, top + 26) }));
  const contrast = ({ base }: RasterPyramid): number => {
    let sum = 0;
    for (let at = 3; at < base.data.length; at += 3) sum += Math.abs((base.data[at] ?? 0) - (base.data[at - 3] ?? 0));
    return sum / (base.data.length / 3);
  };
  /** Reads the better the sharper the picture, or always alike. */
  const reader = (alike: boolean) =>
    recogniser((picture, quads) =>
      quads.map(() => lineOf('Agama', { confidence: alike ? 0.5 : Math.min(1, contrast(picture) / 60) })),
    );

  it('finds the movement that makes labels legible', async () => {
    const kernel = await findBlur(reader(false).ocr, { raster: moved, scale: 1 }, lines);
    expect(kernel).toMatchObject({ kind: 'motion' });
    expect(Math.abs((kernel as { length: number }).length - LENGTH)).toBeLessThan(2);
  });

  it('takes no kernel that does not help', async () => {
    expect(await findBlur(reader(true).ocr, { raster: moved, scale: 1 }, lines)).toBeNull();
  });

  it('does not even try one on a sharp picture, or without labels to try it on', async () => {
    const { ocr, asked } = reader(false);
    expect(await findBlur(ocr, { raster: sharp, scale: 1 }, lines)).toBeNull();
    expect(await findBlur(ocr, { raster: moved, scale: 1 }, [])).toBeNull();
    expect(asked).toEqual([]);
  });
});
