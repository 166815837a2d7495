import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import { type KtpReading, readKtp } from '../../../src/ktp/read-ktp.ts';
import type { Field, Quality } from '../../../src/ktp/schema.ts';
import { withoutSpotRemains } from '../../../src/ktp/without-spot-remains.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';

const { lines, ...page } = cardLines(SPECIMEN);
const READING = readKtp(lines, page);
const GLARE: Quality = { flags: ['glare'], scores: {}, affected_fields: ['nama', 'kecamatan'] };

function withField(name: FieldName, field: Partial<Field>): KtpReading {
  return { ...READING, fields: { ...READING.fields, [name]: { ...READING.fields[name], ...field } } };
}

describe('withoutSpotRemains', () => {
  it('does not answer the letters of a district that a burnt-out spot left', () => {
    const reading = withField('kecamatan', { value: 'KOB', confidence: 0.52, warnings: ['not_in_list'] });
    const { fields, compat } = withoutSpotRemains(reading, GLARE);
    expect(fields.kecamatan).toMatchObject({ value: null, confidence: 0, warnings: ['not_in_list', 'cut'] });
    expect(fields.kecamatan.alternatives?.[0]?.value).toBe('KOB');
    expect(compat.alamat.kecamatan).toBe('');
  });

  it('does not answer three letters of a name', () => {
    expect(withoutSpotRemains(withField('nama', { value: 'DAS', confidence: 0.88 }), GLARE).fields.nama.value).toBe(
      null,
    );
  });

  it('keeps a short place of birth and a short name that were read whole', () => {
    const quality: Quality = { ...GLARE, affected_fields: ['nama', 'tempat_lahir'] };
    const place = withoutSpotRemains(withField('tempat_lahir', { value: 'GOWA', confidence: 0.994 }), quality);
    expect(place.fields.tempat_lahir.value).toBe('GOWA');
    expect(withoutSpotRemains(withField('nama', { value: 'RUDI' }), quality).fields.nama.value).toBe('RUDI');
  });

  it('keeps what is clear, what lies beside the spot, and everything without one', () => {
    const clear = withField('kecamatan', { value: 'KOBALIMA', confidence: 0.85, warnings: ['not_in_list'] });
    expect(withoutSpotRemains(clear, GLARE).fields).toEqual(clear.fields);
    const beside = withField('kel_desa', { value: 'NINU', confidence: 0.6, warnings: ['not_in_list'] });
    expect(withoutSpotRemains(beside, GLARE).fields).toEqual(beside.fields);
    const remains = withField('nama', { value: 'DAS', confidence: 0.88 });
    expect(withoutSpotRemains(remains, { ...GLARE, flags: [] })).toBe(remains);
  });
});
