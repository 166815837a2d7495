import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findNiks } from '../../../src/ktp/rules/find-niks.ts';

describe('findNiks', () => {
  it('finds every NIK of a text once, between whatever is no digit', () => {
    const between = fc.stringMatching(/^[^0-9]{1,5}$/);
    const nik = fc
      .tuple(fc.integer({ min: 1, max: 31 }), fc.integer({ min: 1, max: 12 }))
      .map(([day, month]) => `350407${String(day).padStart(2, '0')}${String(month).padStart(2, '0')}900000`);
    fc.assert(
      fc.property(fc.array(fc.tuple(between, nik), { maxLength: 8 }), between, (parts, end) => {
        const text = parts.map(([before, number]) => before + number).join('') + end;
        expect(findNiks(text)).toEqual([...new Set(parts.map(([, number]) => number))]);
      }),
      { numRuns: 50 },
    );
  });

  it('takes no longer or shorter number, and none without a day and a month, for a NIK', () => {
    for (const text of ['350407490665000', '35040749066500000', '3504077206650000', '3504074913650000', '']) {
      expect(findNiks(text)).toEqual([]);
    }
    expect(findNiks('{"nik":"3504074906650000"}')).toEqual(['3504074906650000']);
  });
});
