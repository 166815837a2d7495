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
});
