import { describe, expect, it } from 'vitest';
import { type KtpReading, readKtp } from '../../../src/ktp/read-ktp.ts';
import { fieldSchema } from '../../../src/ktp/schema.ts';
import { withoutRemains } from '../../../src/ktp/without-remains.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';

function readingOf(value: string, confidence: number, warnings: KtpReading['fields']['nama']['warnings']): KtpReading {
  const { lines, ...page } = cardLines(SPECIMEN);
  const reading = readKtp(lines, page);
  return { ...reading, fields: { ...reading.fields, nama: { ...reading.fields.nama, value, confidence, warnings } } };
}

describe('withoutRemains', () => {
  it('does not answer what glare left of a name', () => {
    const { fields, compat } = withoutRemains(readingOf('DAR CHANIAGO', 0.4, ['gap']));
    expect(fields.nama).toMatchObject({ value: null, confidence: 0, warnings: ['gap', 'cut'] });
    expect(fields.nama.alternatives?.[0]?.value).toBe('DAR CHANIAGO');
    expect(() => fieldSchema.parse(fields.nama)).not.toThrow();
    expect(compat.nama).toBe('');
  });

  it('keeps what is likely right in spite of a gap, and what is doubtful without one', () => {
    expect(withoutRemains(readingOf('SITI SPESIMEN', 0.7, ['gap'])).fields.nama.value).toBe('SITI SPESIMEN');
    expect(withoutRemains(readingOf('SITI SPESIMEN', 0.4, [])).fields.nama.value).toBe('SITI SPESIMEN');
  });
});
