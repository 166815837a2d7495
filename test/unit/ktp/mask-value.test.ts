import { describe, expect, it } from 'vitest';
import { maskValue } from '../../../src/ktp/mask-value.ts';

describe('masked values', () => {
  it.each([
    ['nik', '3504074906650000', '••••••••••••0000'],
    ['nama', 'RETNO PURWANINGSIH', 'R•••• P•••••••••••'],
    ['nama', 'I', 'I'],
    ['tgl_lahir', '1965-06-09', '••••-••-••'],
    ['alamat', 'KP. WAENA NO. 5', '••. ••••• ••. •'],
    ['kel_desa', 'NGLUTUNG', 'N•••••••'],
    ['provinsi', 'JAWA TIMUR', 'JAWA TIMUR'],
    ['jenis_kelamin', 'PEREMPUAN', 'PEREMPUAN'],
  ])('%s is shown as %s -> %s', (field, value, masked) => {
    expect(maskValue(field, value)).toBe(masked);
  });
});
