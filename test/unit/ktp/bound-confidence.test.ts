import { describe, expect, it } from 'vitest';
import { boundConfidence } from '../../../src/ktp/fields/bound-confidence.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import type { Quality } from '../../../src/ktp/schema.ts';
import { cardLines, SPECIMEN } from './card-lines.ts';

const { lines, ...page } = cardLines(SPECIMEN, {});
const { fields } = readKtp(lines, page);
const picture = (changes: Partial<Quality>): Quality => ({ flags: [], scores: {}, affected_fields: [], ...changes });

describe('confidence on a bad picture', () => {
  it('leaves a good picture alone', () => {
    expect(boundConfidence(fields, picture({}))).toEqual(fields);
  });

  it.each(['blurred', 'screen'] as const)(
    'is not sure of a name on one that is %s, but of what a list confirms',
    (flag) => {
      const bound = boundConfidence(fields, picture({ flags: [flag] }));
      expect(bound.nama.confidence).toBeLessThan(0.9);
      expect(bound.alamat.confidence).toBeLessThan(0.9);
      expect(bound.nik).toEqual(fields.nik);
      expect(bound.agama).toEqual(fields.agama);
    },
  );

  it('is not sure of a text under a burnt-out spot', () => {
    const bound = boundConfidence(fields, picture({ flags: ['glare'], affected_fields: ['tempat_lahir', 'nik'] }));
    expect(bound.tempat_lahir.confidence).toBeLessThan(0.9);
    expect(bound.nama).toEqual(fields.nama);
    expect(bound.nik).toEqual(fields.nik);
  });

  it.each(['too_small', 'grayscale', 'dark'] as const)(
    'is not sure of an abbreviation without its dot on one that is %s: the dot may have been lost',
    (flag) => {
      const read = (nama: string, alamat: string) =>
        boundConfidence(
          { ...fields, nama: { ...fields.nama, value: nama }, alamat: { ...fields.alamat, value: alamat } },
          picture({ flags: [flag] }),
        );
      const dotless = read('MUH ARSYAD', 'JL MERDEKA NO 12');
      expect(dotless.nama.confidence).toBeLessThan(0.9);
      expect(dotless.alamat.confidence).toBeLessThan(0.9);
      expect(dotless.nama.alternatives?.[0]?.value).toBe('MUH. ARSYAD');
      expect(dotless.alamat.alternatives?.[0]?.value).toBe('JL. MERDEKA NO. 12');
      const dotted = read('MUH. ARSYAD', 'JL.MERDEKA NO. 12');
      expect([dotted.nama.confidence, dotted.alamat.confidence]).toEqual([
        fields.nama.confidence,
        fields.alamat.confidence,
      ]);
    },
  );
});
