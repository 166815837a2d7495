import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineLooks, doubtfulFields } from '../../../src/ktp/combine-looks.ts';
import { withAlternatives } from '../../../src/ktp/fields/alternatives.ts';
import { isStampText, overlayLines } from '../../../src/ktp/layout/overlay.ts';
import { type KtpReading, readKtp } from '../../../src/ktp/read-ktp.ts';
import { type Field, fieldSchema } from '../../../src/ktp/schema.ts';
import { fitFrame } from '../../../src/ktp/text/frame.ts';
import { cardLines, SPECIMEN, textLine } from './card-lines.ts';

const READING = ((): KtpReading => {
  const { lines, ...page } = cardLines(SPECIMEN);
  return readKtp(lines, page);
})();

function withName(value: string | null, confidence: number): KtpReading {
  const nama: Field = { ...READING.fields.nama, value, confidence };
  return { ...READING, fields: { ...READING.fields, nama } };
}

function withAddress(value: string, confidence: number): KtpReading {
  const alamat: Field = { ...READING.fields.alamat, value, confidence };
  return { ...READING, fields: { ...READING.fields, alamat } };
}

describe('combineLooks', () => {
  it('does not let words that lie over the card join a value', () => {
    const both = combineLooks(withName('SITI SPESIMEN KEPER', 0.99), withName('SITI SPESIMEN', 0.97), true);
    expect(both.fields.nama).toMatchObject({ value: 'SITI SPESIMEN', confidence: 0.97 });
    expect(both.compat.nama).toBe('SITI SPESIMEN');
  });

  it('is not sure of an address whose last word, no part of a stamp, went with what lies over it', () => {
    const both = combineLooks(withAddress('KP. BANJAR TENGAH', 0.9), withAddress('KP. BANJAR', 0.99), true);
    expect(both.fields.alamat.confidence).toBeLessThan(0.9);
  });

  it('takes from the second look what the first did not see', () => {
    const { nama } = combineLooks(withName(null, 0), withName('SITI SPESIMEN', 0.96), false).fields;
    expect(nama).toMatchObject({ value: 'SITI SPESIMEN', confidence: 0.96 });
  });

  it('is not sure where two looks differ, and names the other value', () => {
    const { nama } = combineLooks(withName('SITI SPESIMEN', 0.99), withName('SITI SPESIMEM', 0.95), false).fields;
    expect(nama.value).toBe('SITI SPESIMEN');
    expect(nama.confidence).toBeLessThan(0.9);
    expect(nama.alternatives?.[0]?.value).toBe('SITI SPESIMEM');
  });

  it('does not let a look that lost the labels open up a name (SE AN of a bilevel copy)', () => {
    const pale = { ...withName('SI TI SPESIMEN', 0.69), likelihood: 0.72 };
    const first = { ...withName('SITI SPESIMEN', 0.4), likelihood: 0.999 };
    expect(combineLooks(first, pale, false).fields.nama.value).toBe('SITI SPESIMEN');
    const whole = { ...pale, likelihood: 0.999 };
    expect(combineLooks(first, whole, false).fields.nama.value).toBe('SI TI SPESIMEN');
  });

  it('takes the blurred date that fits the NIK which both looks read, not the surer one that contradicts it', () => {
    const withDate = (value: string, confidence: number, warnings: Field['warnings']): KtpReading => {
      const { nik, tgl_lahir } = READING.fields;
      const fields = {
        ...READING.fields,
        nik: { ...nik, confidence: 0.99 },
        tgl_lahir: { ...tgl_lahir, value, confidence, warnings },
      };
      return { ...READING, fields };
    };
    const fitting = withDate('1990-08-17', 0.1, ['repaired_from_nik']);
    const contradicting = withDate('1996-02-17', 0.12, ['conflict']);
    const { tgl_lahir } = combineLooks(fitting, contradicting, false).fields;
    expect(tgl_lahir.value).toBe('1990-08-17');
    expect(tgl_lahir.confidence).toBeLessThan(0.9);
  });

  it('does not take for the whole address what the look without the overlay lost the rest of', () => {
    const both = combineLooks(withAddress('PERUM PURI BLOK F NO. 34', 0.97), withAddress('34', 0.98), true);
    expect(both.fields.alamat.value).toBe('PERUM PURI BLOK F NO. 34');
    expect(both.fields.alamat.confidence).toBeLessThan(0.9);
  });

  it('takes the surer of two that differ in a blank behind a stop, elsewhere the one without', () => {
    const dotted = combineLooks(withAddress('BLOK C3 NO.8', 0.88), withAddress('BLOK C3 NO. 8', 0.99), false);
    expect(dotted.fields.alamat).toMatchObject({ value: 'BLOK C3 NO. 8', confidence: 0.88 });
    const glued = combineLooks(withAddress('JL. MELATI NO. 5', 0.5), withAddress('JL. MELATINO. 5', 0.6), false);
    expect(glued.fields.alamat.value).toBe('JL. MELATI NO. 5');
    const torn = combineLooks(withAddress('BONTO RAMBA', 0.88), withAddress('BONTO RAMB A', 0.99), false);
    expect(torn.fields.alamat.value).toBe('BONTO RAMBA');
    const two = combineLooks(withAddress('BANJAR TENGAH', 0.75), withAddress('BANJAR TENG AH', 0.99), false);
    expect(two.fields.alamat.value).toBe('BANJAR TENGAH');
    const faint = combineLooks(withAddress('JL. MERDEK A NO. 98', 0.8), withAddress('JL. MERDEKA NO. 98', 0.6), false);
    expect(faint.fields.alamat.value).toBe('JL. MERDEKA NO. 98');
  });

  it('takes a stop before the last letter of a word for noise where a surer look saw none', () => {
    const noise = combineLooks(withAddress('BONTO RAMB.A', 0.78), withAddress('BONTO RAMBA', 0.99), false);
    expect(noise.fields.alamat).toMatchObject({ value: 'BONTO RAMBA', confidence: 0.88 });
    const block = combineLooks(withAddress('GRIYA ASRI BLOK.A', 0.78), withAddress('GRIYA ASRI BLOKA', 0.99), false);
    expect(block.fields.alamat.value).toBe('GRIYA ASRI BLOK.A');
  });

  it('keeps what the look without the overlay lost letters of: a listed value, letters within a clear word', () => {
    const listed = READING.fields.kecamatan;
    const lost: Field = { ...listed, value: 'CIBINON', confidence: 0.68, warnings: ['not_in_list'] };
    const second: KtpReading = { ...READING, fields: { ...READING.fields, kecamatan: lost } };
    const first: KtpReading = { ...READING, fields: { ...READING.fields, kecamatan: { ...listed, confidence: 0.98 } } };
    expect(combineLooks(first, second, true).fields.kecamatan.value).toBe(listed.value);
    const word = combineLooks(withAddress('JL SULAWESI NO 2', 0.97), withAddress('JL SULAWE NO 2', 0.98), true);
    expect(word.fields.alamat).toMatchObject({ value: 'JL SULAWESI NO 2', confidence: 0.88 });
    const end = combineLooks(withAddress('BONTO RAMBAF', 0.95), withAddress('BONTO RAMBA', 0.98), true);
    expect(end.fields.alamat.value).toBe('BONTO RAMBA');
  });

  it('leaves off bits of a stamp that made a value doubtful, however long they are', () => {
    const both = combineLooks(withName('SITI KA 2 ASLI', 0.2), withName('SITI', 0.96), true);
    expect(both.fields.nama).toMatchObject({ value: 'SITI', confidence: 0.96 });
  });

  it('leaves off a purpose that is longer than the value in front of it', () => {
    const both = combineLooks(withName('SITI UNTUK VERIFIKASI DATA', 0.9), withName('SITI', 0.97), true);
    expect(both.fields.nama.value).toBe('SITI');
  });

  it('does not let a bit of a stamp join a value, but lets a numeral', () => {
    const stray = combineLooks(withAddress('DUSUN TEGALSARI', 0.97), withAddress('DUSUN TEGALSARI H', 0.95), true);
    expect(stray.fields.alamat.value).toBe('DUSUN TEGALSARI');
    const numeral = combineLooks(withAddress('DUSUN TEGALSARI', 0.4), withAddress('DUSUN TEGALSARI II', 0.95), true);
    expect(numeral.fields.alamat.value).toBe('DUSUN TEGALSARI II');
  });

  it('keeps a blank that both looks saw, though one of them took the place for another of the list', () => {
    const looks = ['SUKAJADI', 'SUKA JADI'].map((value): KtpReading => {
      const tempat_lahir: Field = { ...READING.fields.tempat_lahir, value, raw: 'SUKA JADI', confidence: 0.98 };
      return { ...READING, fields: { ...READING.fields, tempat_lahir } };
    });
    const [snapped = READING, read = READING] = looks;
    expect(combineLooks(snapped, read, false).fields.tempat_lahir.value).toBe('SUKA JADI');
    expect(combineLooks(read, snapped, false).fields.tempat_lahir.value).toBe('SUKA JADI');
  });

  it('is not sure of a name or an address that another look reads otherwise, however faintly', () => {
    const both = combineLooks(
      withAddress('JL AHMAD YAN NO 194', 0.975),
      withAddress('JL AHMAD KAN NO 194', 0.3),
      false,
    );
    expect(both.fields.alamat.value).toBe('JL AHMAD YAN NO 194');
    expect(both.fields.alamat.confidence).toBeLessThan(0.9);
  });

  it('doubts what only the look under an overlay saw', () => {
    const { nama } = combineLooks(withName('VERIFIKASI', 0.99), withName(null, 0), true).fields;
    expect(nama.confidence).toBeLessThan(0.9);
  });
});

describe('withAlternatives', () => {
  it('never says more than there is to say', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.record({ value: fc.string(), confidence: fc.double({ min: 0, max: 1, noNaN: true }) })),
        (confidence, more) => {
          const field = withAlternatives({ ...READING.fields.nama, confidence }, more);
          expect(fieldSchema.safeParse(field).success).toBe(true);
          const sum = (field.alternatives ?? []).reduce((total, { confidence }) => total + confidence, 0);
          expect(sum + confidence).toBeLessThanOrEqual(1 + 1e-9);
          expect(field.alternatives?.some(({ value }) => value === field.value) ?? false).toBe(false);
        },
      ),
    );
  });
});

describe('unseenPlaces', () => {
  it('names the place of a blood group behind the sex where not even its label was seen', () => {
    const card = cardLines(SPECIMEN);
    const lines = card.lines.filter(({ text }) => !/Gol/.test(text));
    const place = readKtp(lines, card).unseen.find(({ label }) => label === 'gol_darah');
    expect(place?.line.text).toContain('PEREMPUAN');
    const blood = card.lines.find(({ text }) => /Gol/.test(text));
    const reach = place?.quad[1].x ?? 0;
    expect(reach).toBeGreaterThan(blood?.quad[1].x ?? Number.POSITIVE_INFINITY);
    expect(reach).toBeLessThan(0.74 * card.width);
    expect(readKtp(card.lines, card).unseen.map(({ label }) => label)).not.toContain('gol_darah');
  });
});

describe('doubtfulFields', () => {
  it('doubts a blood group whose label was not seen, but not a blank behind it', () => {
    const card = cardLines(SPECIMEN);
    const unseen = card.lines.filter(({ text }) => !/Gol|^:?O$/.test(text));
    expect(readKtp(unseen, card).fields.gol_darah.value).toBeNull();
    expect(doubtfulFields(readKtp(unseen, card).fields)).toContain('gol_darah');
    const blank = cardLines({ ...SPECIMEN, gol_darah: '' });
    const { fields } = readKtp(blank.lines, blank);
    expect(fields.gol_darah).toMatchObject({ value: '-', warnings: ['derived_from_blank'] });
    expect(doubtfulFields(fields)).not.toContain('gol_darah');
  });
});

describe('overlayLines', () => {
  it('finds words written across the card and none on a clean one', () => {
    const { lines } = cardLines(SPECIMEN);
    expect(overlayLines(lines)).toEqual([]);
    const across = textLine('AMARAN KERJA PT', [
      { x: 200, y: 400 },
      { x: 500, y: 250 },
      { x: 510, y: 270 },
      { x: 210, y: 420 },
    ]);
    const stamp = textLine('SESUAI ASLINYA', [
      { x: 400, y: 300 },
      { x: 520, y: 300 },
      { x: 520, y: 320 },
      { x: 400, y: 320 },
    ]);
    expect(overlayLines([...lines, across, stamp])).toEqual([across, stamp]);
  });

  it('finds the only piece of words across that the detector saw: as short as four steep letters', () => {
    const { lines } = cardLines(SPECIMEN);
    const piece = textLine('KENIN', [
      { x: 509, y: 249 },
      { x: 594, y: 205 },
      { x: 610, y: 236 },
      { x: 525, y: 280 },
    ]);
    expect(overlayLines([...lines, piece])).toEqual([piece]);
  });

  it('measures the direction of the rows by the same lines in whatever order they come', () => {
    const { lines } = cardLines(SPECIMEN, { slope: 0.02 });
    const fanned = lines.map((line, index) => {
      const down = 0.0004 * index;
      const quad = line.quad.map(({ x, y }) => ({ x, y: y + down * x })) as unknown as typeof line.quad;
      return { ...line, quad };
    });
    const corner = { x: 700, y: 500 };
    const turned = fitFrame(fanned.toReversed()).toFrame(corner);
    expect(fitFrame(fanned).toFrame(corner).v).toBeCloseTo(turned.v, 6);
  });

  it('takes no label of a card that lies aslant for a piece of words across it', () => {
    const { lines } = cardLines(SPECIMEN, { slope: 0.18 });
    const copies = [0, 1, 2, 3].map((row) =>
      textLine('COPY COPY COPY COPY COPY COPY COPY COPY', [
        { x: 20, y: 300 + 70 * row },
        { x: 820, y: 100 + 70 * row },
        { x: 820, y: 125 + 70 * row },
        { x: 20, y: 325 + 70 * row },
      ]),
    );
    const labels = new Set(lines.filter(({ text }) => /^(?:Nama|Alamat|Agama|NIK)/.test(text)));
    expect(overlayLines([...lines, ...copies]).filter((line) => labels.has(line))).toEqual([]);
  });
});

describe('isStampText', () => {
  it.each(['SESUAI ASLINYE', 'GELAH DIPERIKS', 'SUAI DENGAN ASLIN', 'LEGALISIR', 'GALISIR', 'ASLINYA'])(
    'knows %s, misread as it is',
    (text) => {
      expect(isStampText(text)).toBe(true);
    },
  );

  it.each([
    'KP. WAENA',
    'SELUMA UTARA',
    'JL. TELAGA NO. 4',
    'TELAH',
    '003/007',
    'SALIMAN',
    'GALIS',
    'LEGAL',
    'DENGAN SEHAT',
  ])('leaves %s alone', (text) => {
    expect(isStampText(text)).toBe(false);
  });

  it('joins no word of a stamp to the value that it stands behind', () => {
    const { lines, ...page } = cardLines(SPECIMEN);
    const address = lines.find(({ text }) => text.includes('MERDEKA'));
    if (!address) throw new Error('the card has no address');
    const [, topRight, bottomRight] = address.quad;
    const behind = (x: number): { x: number; y: number }[] => [
      { x: topRight.x + x, y: topRight.y },
      { x: bottomRight.x + x, y: bottomRight.y },
    ];
    const [upperLeft, lowerLeft] = behind(12);
    const [upperRight, lowerRight] = behind(120);
    if (!upperLeft || !lowerLeft || !upperRight || !lowerRight) throw new Error('no place behind the address');
    const stamp = textLine('SESUAI ASLINYE', [upperLeft, upperRight, lowerRight, lowerLeft]);
    const { fields } = readKtp([...lines, stamp], page);
    expect(fields.alamat).toMatchObject({ value: SPECIMEN.alamat, warnings: [] });
  });
});

describe('characters', () => {
  it('gives each digit of the NIK a box of its own, from left to right', () => {
    const { characters } = READING.fields.nik;
    expect(characters?.map(({ text }) => text).join('')).toBe(SPECIMEN.nik);
    const lefts = characters?.map(({ box }) => box[0]) ?? [];
    expect(lefts).toEqual([...lefts].sort((p, q) => p - q));
    expect(READING.fields.nama.characters).toBeUndefined();
    expect(READING.fields.tgl_lahir.characters).toHaveLength(10);
  });
});
