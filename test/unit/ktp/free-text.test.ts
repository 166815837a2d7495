import { describe, expect, it } from 'vitest';
import { cleanAddress } from '../../../src/ktp/fields/read-free-text.ts';

describe('an address', () => {
  it.each([
    ['DSN. KARANGANYAR I II', 'DSN. KARANGANYAR III'],
    ['DSN. MEKAR II I NO. 4', 'DSN. MEKAR III NO. 4'],
    ['DSN. MEKAR I I I', 'DSN. MEKAR III'],
    ['DSN. MEKAR II', 'DSN. MEKAR II'],
    ['JL. SISI II NO. 1', 'JL. SISI II NO. 1'],
  ])('%j has its Roman numeral whole', (read, value) => expect(cleanAddress(read)).toBe(value));

  it('has one stop behind NO, not a second one that is left of a stamp', () => {
    expect(cleanAddress('JL. MERDEKA NO. .98')).toBe('JL. MERDEKA NO. 98');
  });

  it('has NO. in front of its number, not the NQ. that a stroke over the letters makes of it', () => {
    expect(cleanAddress('BLOK C3 NQ. 8')).toBe('BLOK C3 NO. 8');
    expect(cleanAddress('GG. SAWO .O. 210/20')).toBe('GG. SAWO NO. 210/20');
    expect(cleanAddress('JL. NQ. ABDUL')).toBe('JL. NQ. ABDUL');
  });
});
