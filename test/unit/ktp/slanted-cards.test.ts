import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import type { Point, Quad } from '../../../src/text-lines/text-line.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';

/** A card whose points lie elsewhere, as at a slant. */
function seen(move: (point: Point, width: number, height: number) => Point) {
  const { lines, width, height } = cardLines({ ...SPECIMEN, tempat_terbit: 'KABUPATEN BOGOR' });
  const moved = lines.map((line) => ({
    ...line,
    quad: line.quad.map((point) => move(point, width, height)) as unknown as Quad,
  }));
  return readKtp(moved, { width, height }).fields;
}

describe('a card seen at a slant', () => {
  it('has place and date of issue apart from its rows where its foot is narrower', () => {
    const fields = seen(({ x, y }, width, height) => ({ x: 0.05 * width + 0.95 * x * (1 - (0.3 * y) / height), y }));
    expect(fields.tempat_terbit.value).toBe('KABUPATEN BOGOR');
    expect(fields.tgl_terbit.value).toBe('2015-06-05');
    expect(fields.berlaku_hingga).toMatchObject({ value: 'SEUMUR HIDUP', raw: 'SEUMUR HIDUP' });
  });

  it('has them on the card where that is far lower than its width tells', () => {
    const fields = seen(({ x, y }) => ({ x, y: 0.6 * y }));
    expect(fields.tempat_terbit.value).toBe('KABUPATEN BOGOR');
    expect(fields.tgl_terbit.value).toBe('2015-06-05');
  });
});
