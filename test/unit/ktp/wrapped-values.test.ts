import { describe, expect, it } from 'vitest';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';

describe('a value on two rows', () => {
  const { lines, ...page } = cardLines({ ...SPECIMEN, alamat: ['JL. MERDEKA RAYA BLOK', 'C NO. 12'] });

  it('is not told by its second row alone when the first one was not seen, and its place is looked at', () => {
    const { fields, unseen } = readKtp(
      lines.filter(({ text }) => !text.includes('MERDEKA')),
      page,
    );
    expect(fields.alamat.confidence).toBeLessThan(0.5);
    expect(fields.alamat.warnings).toContain('gap');
    expect(unseen.map(({ label }) => label)).toEqual(['alamat']);
  });

  it('has no gap where both rows were seen', () => {
    const { fields, unseen } = readKtp(lines, page);
    expect(fields.alamat).toMatchObject({ value: 'JL. MERDEKA RAYA BLOK C NO. 12', warnings: [] });
    expect(fields.alamat.confidence).toBeGreaterThan(0.9);
    expect(unseen).toEqual([]);
  });
});
