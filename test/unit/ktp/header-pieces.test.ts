import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { SURE } from '../../../src/ktp/sure.ts';
import { cardLines, type PrintedCard, SPECIMEN } from './card-lines.ts';

const province = (printed: Partial<PrintedCard>) => {
  const { lines, ...page } = cardLines({ ...SPECIMEN, ...printed });
  return readKtp(lines, page).fields.provinsi;
};

const SLEMAN = {
  kabupaten: 'KABUPATEN SLEMAN',
  nik: '3404015708900000',
  kecamatan: 'GAMPING',
  kel_desa: 'AMBARKETAWANG',
};

describe('a header under a finger', () => {
  it('is completed from its end, and sure only where the NIK names the regency too', () => {
    const told = province({ ...SLEMAN, provinsi: 'ERAH ISTIMEWA YOGYAKARTA' });
    expect(told).toMatchObject({ value: 'DAERAH ISTIMEWA YOGYAKARTA', warnings: ['completed'] });
    expect(told.confidence).toBeGreaterThanOrEqual(SURE);
    const alone = province({ ...SLEMAN, nik: '3201015708900000', provinsi: 'ERAH ISTIMEWA YOGYAKARTA' });
    expect(alone.value).toBe('DAERAH ISTIMEWA YOGYAKARTA');
    expect(alone.confidence).toBeLessThan(SURE);
  });

  it('is known by a piece of the word PROVINSI', () => {
    expect(province({ provinsi: 'NSI JAWA BARAT' })).toMatchObject({ value: 'JAWA BARAT', source: 'ocr' });
  });

  it('whose last word is hidden is the province of the regency below it', () => {
    const printed = { kabupaten: 'KABUPATEN TOJO UNA UNA', nik: '7209015708900000', provinsi: 'NSI SULAWESI' };
    expect(province(printed)).toMatchObject({ value: 'SULAWESI TENGAH', warnings: ['completed'] });
  });

  it('whose end is hidden inside a word is the province of the regency below it', () => {
    const printed = { kabupaten: 'KABUPATEN RAJA AMPAT', nik: '9271015708900000' };
    const told = province({ ...printed, provinsi: 'PROVINSI PAPUA BARA' });
    expect(told).toMatchObject({ value: 'PAPUA BARAT DAYA', warnings: ['completed'] });
  });

  it('is not completed from a word that several provinces have, nor against its regency', () => {
    expect(province({ provinsi: 'NSI SULAWESI', kabupaten: 'KABUPATEN BOGOR' }).value).toBe('SULAWESI');
  });
});
