import { describe, expect, it } from 'vitest';
import { judgeQuality } from '../../../src/inference/card-reader/judge-quality.ts';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';
import { textLine } from '../ktp/card-lines.ts';
import { boxAt, foundCard, HEIGHT, paintColumns, readingOf, WIDTH } from './painted-card.ts';

const BLUE = [170, 205, 230] as const;
const RED = [190, 60, 70] as const;
const UNCOVERED: readonly FieldName[] = ['nama', 'alamat', 'agama'];

function flagsOf(options: {
  overlay?: TextLine[];
  uncovered?: readonly FieldName[];
  darkFrom?: number;
  room?: number;
  /** Columns of red strokes. */
  red?: (x: number) => boolean;
}) {
  const { darkFrom = WIDTH, overlay = [], red = () => false, room = 0, uncovered = [] } = options;
  const picture = paintColumns((x) => (red(x) ? RED : x < darkFrom ? BLUE : BLUE.map((level) => level * 0.25)));
  const found = foundCard(picture);
  const frame = { left: 0, top: 0, right: WIDTH - room, bottom: HEIGHT };
  const { fields } = readingOf({
    nama: { value: 'SITI', box: boxAt(100, 90, 380, 120) },
    alamat: { value: 'JL. MAWAR 1', box: boxAt(100, 130, 380, 150) },
    agama: { value: 'ISLAM', box: boxAt(100, 160, 250, 180) },
    rt: { value: '001', box: boxAt(30, 190, 60, 210) },
  });
  const card = { ...found.card, frame };
  const { affected_fields, flags } = judgeQuality({
    picture,
    reduction: 4,
    damaged: false,
    overlay,
    uncovered,
    card,
    fields,
  });
  return { flags: flags.filter((flag) => flag === 'overlay'), affected: affected_fields };
}

const line = (left: number, top: number, right: number, bottom: number) =>
  textLine('HANYA UNTUK VERIFIKASI', [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ]);

describe('overlay', () => {
  it('is told of words across the card, with the fields below', () => {
    expect(flagsOf({ overlay: [line(60, 80, 400, 110)] })).toEqual({ flags: ['overlay'], affected: ['nama'] });
  });

  it('is not told of words on a paper beside the card', () => {
    expect(flagsOf({ room: 120, overlay: [line(370, 80, 500, 110)] })).toEqual({ flags: [], affected: [] });
  });

  it('is told of coloured strokes through values, read well or not, and of these', () => {
    const { affected, flags } = flagsOf({ red: (x) => x >= 120 && x < 240 && x % 20 < 3 });
    expect(flags).toEqual(['overlay']);
    expect([...affected].sort()).toEqual(['agama', 'alamat', 'nama']);
  });

  it('is not told of a finger over values, whose edges are coloured as well', () => {
    expect(flagsOf({ red: (x) => x >= 120 && x < 200 })).toEqual({ flags: [], affected: [] });
  });

  it('is told of fields that black print alone shows, and not where they lie in a shadow', () => {
    expect(flagsOf({ uncovered: UNCOVERED }).flags).toEqual(['overlay']);
    expect(flagsOf({ uncovered: UNCOVERED, darkFrom: 180 })).toEqual({ flags: [], affected: [] });
  });
});
