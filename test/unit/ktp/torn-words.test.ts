import { expect, it } from 'vitest';
import { mayBeTorn } from '../../../src/ktp/fields/torn-words.ts';

it.each(['LINGKUNGAN BANJAR TENG AH', 'JL. KEMANG RA YA NO. 8'])(
  'two letters of no word are the end of one: %s',
  (text) => {
    expect(mayBeTorn(text)).toBe(true);
  },
);

it.each([
  'JL. MERDEKA NO 4',
  'JL. VETERAN GG II',
  'DUSUN KRAJAN RT 004',
  'PONDOK PESANTREN AL HIDAYAH',
  'JL. H. ABDUL MUIS GG. A NO.48',
  'JL. SUDIRMAN KM.5',
])('abbreviations, numerals and articles are words: %s', (text) => {
  expect(mayBeTorn(text)).toBe(false);
});
