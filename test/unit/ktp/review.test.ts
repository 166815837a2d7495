import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import { applyDecision, decisionProblems } from '../../../src/ktp/review/apply-decision.ts';
import { findDoubts, leastConfidence } from '../../../src/ktp/review/find-doubts.ts';
import { checkValue } from '../../../src/ktp/rules/check-value.ts';
import { type KtpResult, ktpResultSchema } from '../../../src/ktp/schema.ts';
import { specimenResult } from '../../support/results.ts';

const card = await specimenResult();
const rules = { threshold: 0.9, thresholds: {} };

function withField(name: FieldName, over: Partial<KtpResult['fields'][FieldName]>): KtpResult {
  return { ...card, fields: { ...card.fields, [name]: { ...card.fields[name], ...over } } };
}

describe('findDoubts', () => {
  it('finds what is less sure than asked, not read, or contradicted; not what cards often lack', () => {
    expect(findDoubts(card, rules)).toEqual([]);
    expect(findDoubts(withField('nama', { confidence: 0.89 }), rules)).toEqual(['nama']);
    expect(findDoubts(withField('nama', { confidence: 0.89 }), { ...rules, thresholds: { nama: 0.8 } })).toEqual([]);
    expect(findDoubts(withField('agama', { value: null, confidence: 0 }), rules)).toEqual(['agama']);
    expect(findDoubts(withField('tgl_terbit', { value: null, confidence: 0 }), rules)).toEqual([]);
    const check = {
      code: 'nik_birth_date_mismatch',
      level: 'warning' as const,
      fields: ['nik', 'tgl_lahir'],
      message: '',
    };
    expect(findDoubts({ ...card, checks: [check] }, rules)).toEqual(['nik', 'tgl_lahir']);
    const moved = { code: 'nik_region_mismatch', level: 'info' as const, fields: ['nik'], message: '' };
    expect(findDoubts({ ...card, checks: [moved] }, rules)).toEqual([]);
  });

  it('sorts a card by the least sure of its doubts, and one without doubts by what it says', () => {
    const doubtful = withField('nama', { confidence: 0.4 });
    expect(leastConfidence(doubtful, ['nama'])).toBe(0.4);
    expect(leastConfidence(withField('tgl_terbit', { value: null, confidence: 0 }), [])).toBe(1);
  });
});

describe('checkValue', () => {
  it.each([
    ['nik', '3171 0101 0190 0001', '3171010101900001'],
    ['tgl_lahir', '1/2/1990', '1990-02-01'],
    ['berlaku_hingga', 'seumur  hidup', 'SEUMUR HIDUP'],
    ['rt', '7', '007'],
    ['agama', 'katolik', 'KATHOLIK'],
    ['nama', ' siti  rahayu, s.pd ', 'SITI RAHAYU, S.PD'],
    ['kabupaten_kota', 'jakarta selatan', 'JAKARTA SELATAN'],
  ] as const)('takes %s %j for %j', (name, typed, value) => {
    expect(checkValue(name, typed)).toEqual({ value, problem: null });
  });

  it.each([
    ['nik', '3171'],
    ['nik', '3171014201900001x'],
    ['nik', '3171019913900001'],
    ['nik', '9971010101900001'],
    ['tgl_lahir', '1990-02-30'],
    ['tgl_lahir', '2990-01-01'],
    ['jenis_kelamin', 'X'],
    ['rw', '1234'],
    ['provinsi', 'NOWHERE'],
    ['nama', '<b>SITI</b>'],
    ['nama', '  '],
    ['alamat', 'A'.repeat(101)],
  ] as const)('refuses %s %j, without saying it', (name, typed) => {
    const { problem } = checkValue(name, typed);
    expect(problem).not.toBeNull();
    if (typed.trim() !== '') expect(problem).not.toContain(typed);
  });

  it('never throws, and takes what it has made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIELD_NAMES), fc.string({ unit: 'binary' }), (name, typed) => {
        const { problem, value } = checkValue(name, typed);
        if (problem === null) expect(checkValue(name, value)).toEqual({ value, problem: null });
      }),
    );
  });
});

describe('applyDecision', () => {
  it('keeps the first value beside the decided one, confirms the doubtful ones, leaves the others alone', () => {
    const decided = applyDecision(withField('nama', { confidence: 0.5 }), ['nama'], { pekerjaan: 'petani/pekebun' });
    expect(decided.fields.nama).toMatchObject({ value: card.fields.nama.value, source: 'review', confidence: 1 });
    expect(decided.fields.nama.first).toEqual({ value: card.fields.nama.value, confidence: 0.5, source: 'ocr' });
    expect(decided.fields.pekerjaan).toMatchObject({ value: 'PETANI/PEKEBUN', source: 'review' });
    expect(decided.compat.pekerjaan).toBe('PETANI/PEKEBUN');
    expect(decided.fields.agama).toEqual(card.fields.agama);
    expect(() => ktpResultSchema.parse(decided)).not.toThrow();
    expect(applyDecision(card, [], { tgl_terbit: null }).fields.tgl_terbit.value).toBeNull();
  });

  it('is held against the NIK, where it touches what the NIK tells', () => {
    expect(decisionProblems(card, [], { nama: 'SITI' })).toEqual([]);
    const other = card.fields.jenis_kelamin.value === 'PEREMPUAN' ? 'LAKI-LAKI' : 'PEREMPUAN';
    expect(decisionProblems(card, [], { jenis_kelamin: other }).map(({ field }) => field)).toEqual(['jenis_kelamin']);
    // What was read so, and nobody has touched, is not held against a decision on another field.
    const odd = applyDecision(card, [], { jenis_kelamin: other });
    expect(decisionProblems(odd, [], { nama: 'SITI' })).toEqual([]);
  });
});
