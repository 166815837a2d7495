import { expect, it } from 'vitest';
import { isRunTogether, mayBeTorn } from '../../../src/ktp/fields/torn-words.ts';

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

it.each(['JL. MELATINO66', 'JL. MERDEKANO.4', 'GG. MAWARNO. 12'])('a house number lost its blanks: %s', (text) => {
  expect(isRunTogether(text)).toBe(true);
});

it.each(['JL. KARTINO 5', 'JL. MELATI NO.66', 'DUSUN PANO RT 004', 'KP. CINO'])(
  'a name that ends like it is a name: %s',
  (text) => {
    expect(isRunTogether(text)).toBe(false);
  },
);
