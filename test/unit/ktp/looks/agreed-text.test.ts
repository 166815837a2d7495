import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreedText } from '../../../../src/ktp/looks/agreed-text.ts';
import { alignTexts } from '../../../../src/ktp/looks/align-texts.ts';

const voices = (...texts: (readonly [text: string, weight: number])[]) =>
  texts.map(([text, weight]) => ({ text, weight }));

describe('agreedText', () => {
  it('puts together a value that each look under a stamp lost another letter of', () => {
    expect(
      agreedText(
        voices(
          ['JL. MERDE ADE 8M QH', 0.1],
          ['JL. MERDEKA NO. .98', 0.75],
          ['JL. MERDE A NO. 98', 0.8],
          ['JL. MERDEKANO. 98V', 0.7],
        ),
      ),
    ).toBe('JL. MERDEKA NO. 98');
  });

  it('keeps words that one sure look lost where others saw them, and none of a stamp that one look saw', () => {
    expect(agreedText(voices(['KP. BANJAR', 1.7], ['KP. BANJAR TENGAH KSLIN', 0.1], ['KP. BANJAR TENGAH', 4.3]))).toBe(
      'KP. BANJAR TENGAH',
    );
    expect(
      agreedText(voices(['JL.GATOT SUBROT', 5], ['JL.GATOT SUBROTO NO.36', 3], ['JL.GATOT SUBROTO NO.36', 0.4])),
    ).toBe('JL.GATOT SUBROTO NO.36');
  });

  it('does not count looks that noise opened a word in, and counts a stroke that one look lost', () => {
    expect(agreedText(voices(['BANJAR TENGAH', 1.4], ['BANJAR TENG AH', 1.5], ['BANJAR TENG AH', 1.5]))).toBe(
      'BANJAR TENGAH',
    );
    expect(agreedText(voices(["BECCE' TAHIR", 1.3], ['BECCE TAHIR', 5.4], ["BECCE' TAHIR", 1.5]))).toBe("BECCE' TAHIR");
    expect(agreedText(voices(['GG. SAWO NO. 21', 1.2], ['GG. SAWO .O. 21', 1.5], ['GG. SAWO NO. 21', 0.8]))).toBe(
      'GG. SAWO NO. 21',
    );
    expect(agreedText(voices(['JEAN PIERRE', 4], ['JEAN-PIERRE', 4], ['JEAN-PIERRE', 3]))).toBe('JEAN-PIERRE');
  });

  it('is the text that all looks read, whatever it is, and one of the characters read everywhere else', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ABC .-12') }).map((value) => value.replace(/ +/g, ' ').trim());
    const weight = fc.double({ min: 0.01, max: 6, noNaN: true });
    fc.assert(
      fc.property(text, fc.array(weight, { minLength: 1, maxLength: 4 }), (value, weights) => {
        expect(agreedText(weights.map((own) => ({ text: value, weight: own })))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ text, weight }), { maxLength: 4 }), (all) => {
        const read = new Set(all.flatMap((voice) => [...voice.text]));
        expect([...agreedText(all)].every((character) => character === ' ' || read.has(character))).toBe(true);
      }),
    );
  });
});

describe('alignTexts', () => {
  it('tells each character of both texts once, in their order', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AB ') });
    fc.assert(
      fc.property(text, text, (first, second) => {
        const places = alignTexts(first, second);
        const indices = (length: number) => Array.from({ length }, (_, index) => index);
        expect(places.map((place) => place.first).filter((index) => index !== null)).toEqual(indices(first.length));
        expect(places.map((place) => place.second).filter((index) => index !== null)).toEqual(indices(second.length));
      }),
    );
  });
});
