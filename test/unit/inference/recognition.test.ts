import { describe, expect, it } from 'vitest';
import type { LineBatch, RunBatches } from '../../../src/inference/ppocr/line-batches.ts';
import { CARD_LINES, type RecognitionSettings, recogniseText } from '../../../src/inference/ppocr/recognition.ts';
import { isBareLabel } from '../../../src/ktp/layout/labels.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';
import { paint } from './painted-card.ts';

const CHARACTERS = ['', 'A', 'B'];
const picture = paint(() => 200, 400, 200);
const quads = [20, 60, 100].map(
  (top): Quad => [
    { x: 10, y: top },
    { x: 110, y: top },
    { x: 110, y: top + 20 },
    { x: 10, y: top + 20 },
  ],
);

/** Reads three lines with recognisers of which the quick one leaves each in doubt; answers what they were given. */
async function read(settings: Partial<RecognitionSettings>) {
  const runs: Pick<LineBatch, 'count' | 'exact'>[] = [];
  const runBatches: RunBatches = async (batches) =>
    batches.map((batch) => {
      const { count, exact } = batch.prepare();
      runs.push({ count, exact });
      const line = exact ? [0, 1, 0] : [0, 0.7, 0.3];
      return {
        steps: 1,
        columns: 3,
        probabilities: Float32Array.from({ length: 3 * count }, (_, at) => line[at % 3] ?? 0),
      };
    });
  const lines = await recogniseText(runBatches, CHARACTERS, picture, quads, { ...CARD_LINES, ...settings });
  return { runs, confidences: lines.map(({ confidence }) => confidence) };
}

describe('lines that the quick recogniser leaves in doubt', () => {
  it('are read by the exact one', async () => {
    const { runs, confidences } = await read({});
    expect(runs).toEqual([
      { count: 3, exact: false },
      { count: 3, exact: true },
    ]);
    expect(confidences).toEqual([1, 1, 1]);
  });

  it('go to the exact one at once where that is known, in the same round as the others', async () => {
    const { runs } = await read({ doubtful: new Set([0, 1, 2]) });
    expect(runs).toEqual([{ count: 3, exact: true }]);
    const mixed = await read({ doubtful: new Set([1]) });
    expect(mixed.runs.slice(0, 2)).toEqual([
      { count: 2, exact: false },
      { count: 1, exact: true },
    ]);
    expect(mixed.confidences).toEqual([1, 1, 1]);
  });

  it('are read once where a second reading adds nothing', async () => {
    const { runs } = await read({ isEnough: (text) => text === 'A' });
    expect(runs).toEqual([{ count: 3, exact: false }]);
  });
});

describe('isBareLabel', () => {
  it('knows labels with which every card paid for second readings', () => {
    for (const text of ['Tempat/Tgl Lahir', 'Tempat/Tgl. Lahir', 'RT /RW', 'RT/RW :', 'Kel / Desa', 'BERLAKU HINGGA']) {
      expect(isBareLabel(text), text).toBe(true);
    }
  });

  it('takes no line for one on which a value may stand, or was overlooked', () => {
    for (const text of [
      'Gol. Darah :',
      'Jenis Kelamin',
      'Nama',
      'RT/RW 003',
      'Agama : ISLAM',
      'Tempat/Tgl Lahlr',
      'RTIRW',
    ]) {
      expect(isBareLabel(text), text).toBe(false);
    }
  });
});
