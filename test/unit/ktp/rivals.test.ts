import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { checkValue } from '../../../src/ktp/rules/check-value.ts';
import { fieldSchema } from '../../../src/ktp/schema.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';
import { type Doubts, emittedLine } from './emitted-line.ts';

/** Reads a card on which one value's characters are in doubt; indices count from behind the colon. */
function readDoubtful(text: string, doubts: Doubts) {
  const { lines, ...page } = cardLines(SPECIMEN);
  const shifted = Object.fromEntries(Object.entries(doubts).map(([index, others]) => [Number(index) + 1, others]));
  const doubted = lines.map((line) =>
    line.text === `:${text}` ? emittedLine(line.text, line.quad, shifted) : emittedLine(line.text, line.quad),
  );
  return readKtp(doubted, page).fields;
}

function rivals(name: FieldName, text: string, doubts: Doubts): string[] {
  return (readDoubtful(text, doubts)[name].alternatives ?? []).map(({ value }) => value);
}

describe('rivals of a doubtful field', () => {
  it('has the NIK with the other digit, though no rule changed it', () => {
    const { nik } = readDoubtful(SPECIMEN.nik, { 14: { '8': 0.4 } });
    expect(nik).toMatchObject({ value: '3201015708900000', alternatives: [{ value: '3201015708900080' }] });
    expect(nik.confidence).toBeLessThan(0.9);
  });

  it('never has a NIK that cannot be one', () => {
    // Month 98, day 97.
    expect(rivals('nik', SPECIMEN.nik, { 8: { '9': 0.4 }, 14: { '8': 0.3 } })).toEqual(['3201015708900080']);
    expect(rivals('nik', SPECIMEN.nik, { 6: { '9': 0.4 }, 14: { '8': 0.3 } })).toEqual(['3201015708900080']);
  });

  it('has dates in the form of the value, of the calendar only', () => {
    const text = 'BOGOR, 17-08-1990';
    expect(rivals('tgl_lahir', text, { 16: { '8': 0.4 } })[0]).toBe('1990-08-17'.replace('1990', '1998'));
    expect(rivals('tgl_lahir', text, { 7: { '4': 0.4 }, 16: { '8': 0.3 } })).toEqual(['1998-08-17']);
  });

  it('has letters of names and addresses', () => {
    expect(rivals('nama', 'SITI SPESIMEN', { 12: { M: 0.45 } })[0]).toBe('SITI SPESIMEM');
    expect(rivals('alamat', 'JL. MERDEKA NO. 12', { 17: { '7': 0.45 } })[0]).toBe('JL. MERDEKA NO. 17');
  });

  it('has RT and RW apart', () => {
    const fields = readDoubtful('003/007', { 2: { '8': 0.4 } });
    expect(fields.rt.alternatives?.[0]?.value).toBe('008');
    expect(fields.rw.alternatives ?? []).toEqual([]);
  });

  it('has entries of a list, and nothing that is none', () => {
    expect(rivals('status_perkawinan', 'BELUM KAWIN', { 0: { '': 0.5 }, 4: { N: 0.45 } })).toEqual([]);
    const group = readDoubtful('003/007', {}).gol_darah;
    expect(group.alternatives ?? []).toEqual([]);
  });

  it('leaves a group of O sure that was read as a nought, and not one that may be another letter', () => {
    const { lines, ...page } = cardLines({ ...SPECIMEN, gol_darah: '0' });
    const read = (doubts: Doubts) =>
      readKtp(
        lines.map((line) => emittedLine(line.text, line.quad, line.text.startsWith('Gol') ? doubts : {})),
        page,
      ).fields.gol_darah;
    const at = lines.find(({ text }) => text.startsWith('Gol'))?.text.lastIndexOf('0') ?? 0;
    expect(read({ [at]: { O: 0.05 } })).toMatchObject({ value: 'O', warnings: ['snapped'] });
    expect(read({ [at]: { O: 0.05 } }).confidence).toBeGreaterThan(0.9);
    expect(read({ [at]: { O: 0.05, B: 0.3 } }).confidence).toBeLessThan(0.9);
  });

  it('has nothing where nothing is in doubt', () => {
    for (const field of Object.values(readDoubtful('003/007', {}))) expect(field.alternatives ?? []).toEqual([]);
  });

  it('fits with the confidence and the schema, whatever is in doubt', () => {
    const digit = fc.integer({ min: 0, max: 15 });
    const doubt = fc.tuple(digit, fc.constantFrom(...'0123456789'), fc.double({ min: 0.01, max: 0.49, noNaN: true }));
    fc.assert(
      fc.property(fc.array(doubt, { minLength: 1, maxLength: 4 }), (list) => {
        const doubts = Object.fromEntries(list.map(([index, other, share]) => [index, { [other]: share }]));
        for (const [name, field] of Object.entries(readDoubtful(SPECIMEN.nik, doubts))) {
          const { alternatives, confidence, value } = fieldSchema.parse(field);
          const sum = alternatives.reduce((total, rival) => total + rival.confidence, confidence);
          expect(sum).toBeLessThanOrEqual(1.001);
          expect(alternatives.map((rival) => rival.value)).not.toContain(value);
          for (const rival of alternatives) expect(checkValue(name as FieldName, rival.value).problem).toBeNull();
        }
      }),
      { numRuns: 25 },
    );
  });
});
