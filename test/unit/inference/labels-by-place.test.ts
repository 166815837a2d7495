import { describe, expect, it } from 'vitest';
import { findCandidates } from '../../../src/inference/card-reader/candidates.ts';
import { labelsByPlace } from '../../../src/inference/card-reader/labels-by-place.ts';
import { readAlong } from '../../../src/inference/card-reader/text-direction.ts';
import { createPpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import { decodeImage } from '../../../src/media/decode.ts';
import { RasterPyramid } from '../../../src/media/raster.ts';
import { type Homography, IDENTITY, mapQuad } from '../../../src/text-lines/homography.ts';
import type { Quad, TextLine } from '../../../src/text-lines/text-line.ts';
import { degrade } from '../../../tools/make-cards/sample.ts';
import { textLine } from '../ktp/card-lines.ts';
import { MODEL_PATHS } from './models.ts';
import { quadAt } from './painted-card.ts';

const HEIGHT = 30;
/** Labels as a card prints them: how long, how far indented and on which row, pixels and rows; the address has two rows. */
const COLUMN: readonly (readonly [text: string, length: number, left: number, row: number])[] = [
  ['Nama', 74, 0, 0],
  ['Tempat/Tgl Lahir', 182, 0, 1],
  ['Jenis Kelamin', 154, 0, 2],
  ['Alamat', 86, 0, 3],
  ['RT/RW', 88, 24, 5],
  ['Kel/Desa', 106, 24, 6],
  ['Kecamatan', 128, 24, 7],
  ['Agama', 84, 0, 8],
  ['Status Perkawinan', 202, 0, 9],
  ['Pekerjaan', 116, 0, 10],
  ['Kewarganegaraan', 200, 0, 11],
  ['Berlaku Hingga', 168, 0, 12],
];

function box(length: number, left: number, row: number): Quad {
  const top = 100 + row * 0.82 * HEIGHT;
  return quadAt(left, top, left + length, top + HEIGHT);
}

interface Changes {
  /** Labels that were read, and how well. */
  readonly read?: Readonly<Record<string, number>>;
  /** Lengths of labels that are found longer or shorter; 0 for one that is not found. */
  readonly lengths?: Readonly<Record<string, number>>;
  readonly turn?: Homography;
  readonly angle?: number;
}

const READ = { 'Status Perkawinan': 0.99, Kewarganegaraan: 0.98 };

/** The labels that are told of such a column, beside values. */
function told({ angle = 0, lengths = {}, read = READ, turn = IDENTITY }: Changes = {}): string[] {
  const found = COLUMN.map(([text, length, ...place]) => ({ text, length: lengths[text] ?? length, place }));
  const labels = found.filter(({ length }) => length > 0);
  const values = [0, 1, 2, 3, 4, 5, 9].map((row) => box(190, 320, row));
  const quads = [...labels.map(({ length, place }) => box(length, ...place)), ...values].map((quad) =>
    mapQuad(turn, quad),
  );
  const known = new Map<number, TextLine>();
  for (const [index, { text }] of labels.entries()) {
    const confidence = read[text as keyof typeof read];
    if (confidence !== undefined) known.set(index, textLine(text, quads[index] as Quad, confidence));
  }
  const lines = labelsByPlace(quads, angle, known);
  for (const [index, line] of lines) {
    expect(line.text).toBe(labels[index]?.text);
    expect(line.characters.map((character) => character.text).join('')).toBe(line.text);
  }
  return [...lines.values()].map(({ text }) => text).sort();
}

const ALL = COLUMN.map(([text]) => text).filter((text) => text !== 'Nama' && !(text in READ));

describe('labelsByPlace', () => {
  it('tells every label between and around two that were read, but the shortest one', () => {
    expect(told()).toEqual([...ALL].sort());
  });

  it('tells them in a picture that lies on its side or on its head', () => {
    expect(told({ turn: [0, -1, 900, 1, 0, 0, 0, 0, 1], angle: Math.PI / 2 })).toEqual([...ALL].sort());
    expect(told({ turn: [-1, 0, 900, 0, -1, 900, 0, 0, 1], angle: Math.PI })).toEqual([...ALL].sort());
  });

  it('tells none where one is not found, or is found with its value: the rows may be others', () => {
    expect(told({ lengths: { Agama: 0 } })).toEqual([]);
    expect(told({ lengths: { Pekerjaan: 300 } })).toEqual([]);
    expect(told({ lengths: { 'Berlaku Hingga': 0 } })).toEqual([]);
  });

  it('tells none where one label was read, or two not clearly, or one at the place of another', () => {
    expect(told({ read: { Kewarganegaraan: 0.99 } })).toEqual([]);
    expect(told({ read: { 'Status Perkawinan': 0.99, Kewarganegaraan: 0.9 } })).toEqual([]);
    const swapped = new Map([
      [8, textLine('Status Perkawinan', box(202, 0, 9), 0.99)],
      [9, textLine('Kewarganegaraan', box(116, 0, 10), 0.99)],
    ]);
    const quads = COLUMN.map(([, ...place]) => box(...place));
    expect(labelsByPlace(quads, 0, swapped).size).toBe(0);
  });

  it('says what reading says, on drawn cards of other printings, seen from above and aslant', async () => {
    const ocr = await createPpOcr(MODEL_PATHS);
    let count = 0;
    for (const [seed, level] of [
      ['labels/1', 'scan'],
      ['labels/3', 'tilt'],
    ] as const) {
      const { raster } = await decodeImage((await degrade(seed, level, 'mild')).jpeg);
      const picture = new RasterPyramid(raster);
      const [candidate] = await findCandidates(ocr, picture, 736, []);
      if (!candidate) throw new Error(`no text was found on ${seed}`);
      const { direction, quads } = candidate;
      const lines = labelsByPlace(quads, direction.angle, direction.known);
      const read = await ocr.recognise(
        picture,
        [...lines.keys()].map((index) => readAlong(quads[index] as Quad, direction.angle)),
      );
      const letters = ({ text }: { text: string }): string => text.replace(/[^a-z]/gi, '').toUpperCase();
      expect([...lines.values()].map(letters)).toEqual(read.map(letters));
      count += lines.size;
    }
    await ocr.close();
    expect(count).toBeGreaterThanOrEqual(8);
  });
});
