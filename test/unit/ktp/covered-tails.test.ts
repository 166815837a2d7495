import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { cardLines, type PrintedCard, SPECIMEN } from './card-lines.ts';

function read(printed: Partial<PrintedCard>, isCovered: boolean) {
  const { lines, ...page } = cardLines({ ...SPECIMEN, ...printed });
  return readKtp(lines, page, isCovered).fields;
}

describe("letters of a stamp behind a value that the card's other fields bear out", () => {
  it('are no part of a village or district of the region that is printed above', () => {
    const { kecamatan, kel_desa } = read({ kel_desa: 'PAKANSARIAN ASL', kecamatan: 'CIBINONGEMER' }, true);
    expect(kecamatan).toMatchObject({ value: 'CIBINONG', raw: 'CIBINONGEMER' });
    expect(kel_desa).toMatchObject({ value: 'PAKANSARI', raw: 'PAKANSARIAN ASL' });
    expect(kecamatan.warnings).toContain('snapped');
    expect(Math.max(kecamatan.confidence, kel_desa.confidence)).toBeLessThan(0.9);
  });

  it('are no part of an occupation', () => {
    expect(read({ pekerjaan: 'AKUNTAN CAMAT' }, true).pekerjaan.value).toBe('AKUNTAN');
  });

  it('stay where nothing lies over the card, and where they tell a brother', () => {
    expect(read({ kecamatan: 'CIBINONGEMER' }, false).kecamatan.value).toBe('CIBINONGEMER');
    expect(read({ pekerjaan: 'AKUNTAN CAMAT' }, false).pekerjaan.value).toBe('AKUNTAN CAMAT');
    for (const brother of ['PAKANSARI BARU', 'PAKANSARI II', 'PAKANSARIUTARA', 'PAKANSARI UTARAE']) {
      expect(read({ kel_desa: brother }, true).kel_desa.value).toBe(brother);
    }
  });
});
