import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES } from '../../../src/ktp/field-names.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import { ocrDistance } from '../../../src/ktp/rules/edit-distance.ts';
import { bareText } from '../../../src/ktp/rules/snap.ts';
import { compatibleCardSchema, fieldSchema } from '../../../src/ktp/schema.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';
import { cardLines, SPECIMEN, textLine } from './card-lines.ts';

const PAGE = { width: 860, height: 542 };

const piece = fc.oneof(
  fc.string({ maxLength: 24 }),
  fc.constantFrom('NIK', 'Nama', ':', 'Tempat/Tgl Lahir', 'Jenis Kelamin', 'Gol. Darah', 'Alamat', 'RT/RW', 'Kel/Desa'),
  fc.constantFrom(
    'Kecamatan',
    'Agama',
    'Status Perkawinan',
    'Pekerjaan',
    'Kewarganegaraan',
    'Berlaku Hingga',
    'PROVINSI',
  ),
  fc.constantFrom(
    '3201015708900000',
    'BOGOR, 17-08-1990',
    '001/002',
    'ISLAM',
    'KABUPATEN BOGOR',
    'SEUMUR HIDUP',
    'WNI',
    '1',
  ),
  fc.stringMatching(/^[A-Z0-9 .,/-]{0,30}$/),
);

const anyLine: fc.Arbitrary<TextLine> = fc
  .record({
    texts: fc.array(piece, { minLength: 1, maxLength: 3 }),
    x: fc.double({ min: -50, max: 900, noNaN: true }),
    y: fc.double({ min: -50, max: 600, noNaN: true }),
    width: fc.double({ min: 0, max: 800, noNaN: true }),
    height: fc.double({ min: 0, max: 60, noNaN: true }),
    slope: fc.double({ min: -0.3, max: 0.3, noNaN: true }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ texts, x, y, width, height, slope, confidence }) =>
    textLine(
      texts.join(' '),
      [
        { x, y },
        { x: x + width, y: y + slope * width },
        { x: x + width, y: y + slope * width + height },
        { x, y: y + height },
      ],
      confidence,
    ),
  );

/** A reading says no more than the lines and the stated rules. */
function expectNothingInvented(lines: readonly TextLine[]): void {
  const reading = readKtp(lines, PAGE);
  compatibleCardSchema.parse(reading.compat);
  expect(reading.likelihood).toBeGreaterThanOrEqual(0);
  expect(reading.likelihood).toBeLessThanOrEqual(1);
  const seen = lines.map((line) => bareText(line.text.normalize('NFKC'))).join('\n');
  for (const name of FIELD_NAMES) {
    const field = fieldSchema.parse(reading.fields[name]);
    const { value, raw, source, warnings, box } = field;
    if (value === null) {
      expect(field.confidence).toBe(0);
      continue;
    }
    if (source === 'derived') {
      expect(warnings.some((warning) => /^(derived_from|repaired)/.test(warning))).toBe(true);
      continue;
    }
    expect(raw).not.toBeNull();
    expect(box).not.toBeNull();
    for (const word of (raw ?? '').split(' ')) expect(seen).toContain(bareText(word));
    const read = bareText(raw ?? '');
    if (name === 'rt' || name === 'rw' || name.startsWith('tgl') || warnings.length > 0 || name === 'berlaku_hingga')
      continue;
    // Unmarked values are the reading itself, or the first spelling of the variant that was read.
    const spelled = ocrDistance(bareText(value), read);
    expect(
      ['agama', 'pekerjaan', 'jenis_kelamin'].includes(name) || spelled <= 0.5 * read.length,
      `${name} ${value} ${raw}`,
    ).toBe(true);
  }
}

describe('readKtp on any lines', () => {
  it('never throws and never invents on random lines', () => {
    fc.assert(fc.property(fc.array(anyLine, { maxLength: 40 }), expectNothingInvented), { numRuns: 150 });
  });

  it('never invents on cards with lines missing, doubled and moved', () => {
    const { lines } = cardLines(SPECIMEN);
    const damaged = fc
      .tuple(fc.shuffledSubarray(lines), fc.array(anyLine, { maxLength: 5 }), fc.subarray(lines, { maxLength: 3 }))
      .map((parts) => parts.flat());
    fc.assert(fc.property(damaged, expectNothingInvented), { numRuns: 100 });
  });

  it('reads the same whatever the order of the lines', () => {
    const { lines, ...page } = cardLines(SPECIMEN, { jitter: 1.5, random: seeded(7), merged: 0.5, slope: 0.02 });
    const expected = readKtp(lines, page).fields;
    const whole = fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length });
    fc.assert(
      fc.property(whole, (shuffled) => {
        expect(readKtp(shuffled, page).fields).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a card right with jitter, skew and any mix of merged lines', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: -0.06, max: 0.06, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, slope, merged) => {
          const { lines, ...page } = cardLines(SPECIMEN, { jitter: 2, random: seeded(seed), slope, merged });
          const { fields } = readKtp(lines, page);
          expect(fields.nik.value).toBe(SPECIMEN.nik);
          expect(fields.nama.value).toBe(SPECIMEN.nama);
          expect(fields.tgl_lahir.value).toBe('1990-08-17');
          expect(fields.gol_darah.value).toBe('O');
          expect(fields.rw.value).toBe('007');
          expect(fields.pekerjaan.value).toBe(SPECIMEN.pekerjaan);
          expect(fields.tempat_terbit.value).toBe(SPECIMEN.tempat_terbit);
        },
      ),
      { numRuns: 60 },
    );
  });
});

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
