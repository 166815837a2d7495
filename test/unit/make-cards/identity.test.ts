import { describe, expect, it } from 'vitest';
import { FIELD_NAMES } from '../../../src/ktp/field-names.ts';
import { type Identity, makeIdentity } from '../../../tools/make-cards/identity.ts';
import { Random } from '../../../tools/make-cards/random.ts';
import { loadRegions } from '../../../tools/make-cards/regions.ts';

async function identities(count: number, kind: 'citizen' | 'foreigner' = 'citizen'): Promise<Identity[]> {
  const provinces = await loadRegions();
  return Array.from({ length: count }, (_, i) => makeIdentity(kind, provinces, new Random(`test/${i}`)));
}

describe('invented people', () => {
  it('have every field, in upper case', async () => {
    for (const { fields } of await identities(200)) {
      for (const name of FIELD_NAMES) {
        expect(fields[name], name).toBeTruthy();
        expect(fields[name]).toBe(fields[name]?.toUpperCase());
      }
    }
  });

  it('have a NIK of 16 digits that no real person has', async () => {
    for (const { fields } of await identities(300)) expect(fields.nik).toMatch(/^\d{12}0000$/);
  });

  it('have the birth date in the NIK, with 40 added for women, on nearly all cards', async () => {
    const all = await identities(600);
    const agreeing = all.filter(({ fields, sex }) => {
      const [year, month, day] = (fields.tgl_lahir ?? '').split('-');
      const shifted = String(Number(day) + (sex === 'female' ? 40 : 0)).padStart(2, '0');
      return fields.nik?.slice(6, 12) === `${shifted}${month}${year?.slice(2)}`;
    });
    expect(agreeing.length / all.length).toBeGreaterThan(0.95);
    expect(agreeing.length).toBeLessThan(all.length);
  });

  it('live in every province', async () => {
    const provinces = new Set((await identities(600)).map(({ fields }) => fields.provinsi));
    for (const { name } of await loadRegions()) expect(provinces).toContain(name);
  });

  it('spell dates DD-MM-YYYY on the card and ISO 8601 in the truth', async () => {
    for (const { fields, printed } of await identities(50)) {
      expect(fields.tgl_lahir).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(printed.tgl_lahir).toBe(fields.tgl_lahir?.split('-').reverse().join('-'));
    }
  });

  it('may be foreigners, with an expiry date and a country', async () => {
    for (const { fields } of await identities(50, 'foreigner')) {
      expect(fields.berlaku_hingga).toMatch(/^\d{4}-/);
      expect(fields.kewarganegaraan).not.toBe('WNI');
    }
  });
});
