import { describe, expect, it } from 'vitest';
import {
  addCard,
  addToBins,
  canonical,
  editDistance,
  emptyTally,
  figures,
  judge,
  reliabilityBins,
} from '../../../bench/accuracy/metrics.ts';
import { FIELD_NAMES } from '../../../src/ktp/field-names.ts';
import type { Fields, Truth } from '../../../tools/make-cards/truth.ts';

const fields = {
  ...(Object.fromEntries(FIELD_NAMES.map((name) => [name, 'X'])) as Fields),
  tgl_lahir: '1990-03-12',
  nik: '3204071203900000',
};
const truth: Truth = {
  document: 'ktp',
  seed: '1',
  level: 'scan',
  strength: 'mild',
  fields,
  printed: { ...fields, tgl_lahir: '12-03-1990' },
  hidden: ['alamat'],
  quads: {},
};
const said = (value: string | null, confidence = 0.5) => ({ value, confidence });
const perfect = Object.fromEntries(FIELD_NAMES.map((name) => [name, said(fields[name], 0.99)]));

describe('the accuracy metric', () => {
  it('ignores case, blanks and the word PROVINSI, and nothing else', () => {
    expect(canonical('  Provinsi  jawa\n barat ')).toBe('JAWA BARAT');
    expect(judge('nama', truth, said('x'))).toBe('right');
    expect(judge('nama', truth, said('X.'))).toBe('wrong');
  });

  it('takes a date in ISO 8601 and as printed', () => {
    expect(judge('tgl_lahir', truth, said('1990-03-12'))).toBe('right');
    expect(judge('tgl_lahir', truth, said('12-03-1990'))).toBe('right');
    expect(judge('tgl_lahir', truth, said('1990-12-03'))).toBe('wrong');
  });

  it('wants null or the right value for a hidden field', () => {
    expect(judge('alamat', truth, said(null))).toBe('right');
    expect(judge('alamat', truth, undefined)).toBe('right');
    expect(judge('alamat', truth, said('X'))).toBe('right');
    expect(judge('alamat', truth, said('Y'))).toBe('wrong');
    expect(judge('nama', truth, said(null))).toBe('missing');
  });

  it('counts whole cards, NIKs and answers that are sure and wrong', () => {
    const tally = emptyTally();
    addCard(tally, truth, perfect);
    addCard(tally, truth, { ...perfect, nik: said('3204071203900001', 0.95), nama: said('Z', 0.5) });
    addCard(tally, truth, null);
    const of = figures(tally);
    expect(of.wholeCards).toBeCloseTo(1 / 3);
    expect(of.niks).toBeCloseTo(1 / 3);
    expect(of.surelyWrong).toBeCloseTo(1 / 60);
    expect(of.refused).toBeCloseTo(1 / 3);
    // A refused card has only its hidden field right.
    expect(of.fields).toBeCloseTo((20 + 18 + 1) / 60);
  });

  it('measures edits in characters', () => {
    expect(editDistance('KITTEN', 'SITTING')).toBe(3);
    expect(editDistance('', 'AB')).toBe(2);
  });

  it('puts every confidence into one bin', () => {
    const bins = reliabilityBins();
    for (const confidence of [0, 0.3, 0.95, 0.9999, 1]) addToBins(bins, confidence, true);
    expect(bins.reduce((sum, bin) => sum + bin.answers, 0)).toBe(5);
  });
});
