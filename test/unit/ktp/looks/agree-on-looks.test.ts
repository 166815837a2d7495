import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../../../src/ktp/field-names.ts';
import { agreeOnLooks } from '../../../../src/ktp/looks/agree-on-looks.ts';
import { type KtpReading, readKtp } from '../../../../src/ktp/read-ktp.ts';
import type { Field } from '../../../../src/ktp/schema.ts';
import { cardLines, SPECIMEN } from '../card-lines.ts';

const READING = ((): KtpReading => {
  const { lines, ...page } = cardLines(SPECIMEN);
  return readKtp(lines, page);
})();

type Read = Pick<Field, 'value' | 'confidence'> & Partial<Field>;

/** What looks of the same trust agree on, each of which read a field so. */
function agreed(name: FieldName, ...reads: Read[]): Field {
  const looks = reads.map((read) => {
    const field: Field = { ...READING.fields[name], ...read };
    return { reading: { ...READING, fields: { ...READING.fields, [name]: field } }, trust: 1 };
  });
  return agreeOnLooks(looks[0]?.reading ?? READING, looks).fields[name];
}

const said = (value: string | null, confidence: number, rest: Partial<Field> = {}): Read => ({
  value,
  confidence,
  ...rest,
});

describe('agreeOnLooks', () => {
  it('keeps what all looks read as sure as the surest of them', () => {
    const name = agreed('nama', said('SITI', 0.95), said('SITI', 0.99), said('SITI', 0.6));
    expect(name).toMatchObject({ value: 'SITI', confidence: 0.99 });
  });

  it('is not sure of a name that one look reads otherwise, and names what that read', () => {
    const name = agreed('nama', said('DELLA', 0.99), said('DELLA', 0.97), said('DELLAP', 0.6));
    expect(name).toMatchObject({ value: 'DELLA', confidence: 0.88 });
    expect(name.alternatives?.map(({ value }) => value)).toContain('DELLAP');
  });

  it('is not sure of what one look alone saw under a stamp', () => {
    const rt = agreed('rt', said(null, 0), said(null, 0), said('010', 0.98));
    expect(rt).toMatchObject({ value: '010', confidence: 0.88 });
  });

  it('does not let looks that guess outvote one that is sure', () => {
    const name = agreed('nama', said('HENDR', 0.4), said('HENDR', 0.3), said('HENDRI', 0.97));
    expect(name.value).toBe('HENDRI');
  });

  it('trusts the picture with the ink on it less than the print below', () => {
    const read = (value: string, confidence: number, trust: number) => {
      const nama: Field = { ...READING.fields.nama, value, confidence };
      return { reading: { ...READING, fields: { ...READING.fields, nama } }, trust };
    };
    const looks = [read('SITI KSLIN', 0.9, 0.4), read('SITI', 0.85, 1), read('SITI', 0.8, 1)];
    expect(agreeOnLooks(READING, looks).fields.nama.value).toBe('SITI');
  });

  it('takes the reading that a list knows before ones that it does not', () => {
    const warnings = ['not_in_list'];
    const district = agreed(
      'kecamatan',
      said('LUBUK LINGGAU BARA', 0.45, { warnings }),
      said('LUBUK LINGGAU BARAF', 0.4, { warnings }),
      said('LUBUK LINGGAU BARAT I', 0.55, { warnings: [] }),
    );
    expect(district.value).toBe('LUBUK LINGGAU BARAT I');
  });

  it('does not count looks that saw no blood group against the one that did', () => {
    const blank = said('-', 0.75, { source: 'derived' });
    expect(agreed('gol_darah', said('B', 0.85), blank, blank).value).toBe('B');
  });

  it('answers what no look read whole with no more confidence than they have together', () => {
    const address = agreed(
      'alamat',
      said('JL MELAT NO 5', 0.65),
      said('JL MELATI NO', 0.64),
      said('JL MELATI NO 5 K', 0.5),
    );
    expect(address.value).toBe('JL MELATI NO 5');
    expect(address.confidence).toBeLessThanOrEqual(0.6);
  });
});
