import { describe, expect, it } from 'vitest';
import { isHidden } from '../../../src/inference/card-reader/is-hidden.ts';
import { markLightEdges } from '../../../src/inference/card-reader/mark-light-edges.ts';
import { readFoundCard } from '../../../src/inference/card-reader/read-found-card.ts';
import { withoutBurntStarts } from '../../../src/inference/card-reader/without-burnt-starts.ts';
import type { PpOcr } from '../../../src/inference/ppocr/ppocr.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import type { Field } from '../../../src/ktp/schema.ts';
import type { DecodedImage } from '../../../src/media/decode.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';
import { cardLines, SPECIMEN } from '../ktp/card-lines.ts';
import { boxAt, foundCard, paint, paintColumns, readingOf } from './painted-card.ts';

const PAPER = 190;
const evenly = paint(() => PAPER);

describe('markLightEdges', () => {
  const NAME = { value: 'SIMANJUNTA', raw: 'SIMANJUNTA', box: boxAt(140, 100, 240, 112) };
  const name = (picture: ReturnType<typeof paint>, confidence = 0.97, beyond = 0) => {
    const box = boxAt(140, 100, 240, 112, picture.base.width + beyond);
    return markLightEdges(foundCard(picture, beyond), readingOf({ nama: { ...NAME, box, confidence } })).fields.nama;
  };

  it.each([
    ['the edge of a hard shadow', paint((x) => (x < 244 ? PAPER : 80))],
    ['a burnt-out spot', paint((x) => (x < 244 ? 140 : 255))],
    ['the edge of a shadow over the value itself', paint((x) => (x < 244 ? 80 : PAPER))],
  ])('is not sure of a name that ends at %s', (_, picture) => {
    expect(name(picture)).toMatchObject({ value: 'SIMANJUNTA', confidence: 0.88, warnings: ['cut'] });
  });

  it('is not sure of a name that ends where a light card slowly burns out', () => {
    const fading = (most: number) =>
      paintColumns((x) => {
        const light = Math.min(1, Math.max(0, (x - 238) / 12));
        return [194, 218, 232].map((level) => level + light * (most - level)) as [number, number, number];
      });
    expect(name(fading(253))).toMatchObject({ confidence: 0.88, warnings: ['cut'] });
    expect(name(fading(235)).warnings).toEqual([]);
  });

  it('marks a value that was in doubt already, and does not make it surer', () => {
    expect(
      name(
        paint((x) => (x < 244 ? PAPER : 80)),
        0.6,
      ),
    ).toMatchObject({ confidence: 0.6, warnings: ['cut'] });
  });

  it('marks a value that ends at the edge of the picture', () => {
    const picture = paint(() => PAPER, 250);
    expect(name(picture, 0.97, 250).warnings).toEqual(['cut']);
    expect(
      name(
        paint(() => PAPER, 300),
        0.97,
        200,
      ).warnings,
    ).toEqual([]);
  });

  it.each([
    [
      'a finger, as light as the card and of another colour',
      paintColumns((x) => (x < 244 ? [190, 216, 230] : [206, 150, 120])),
    ],
    ['white paper on a light card', paintColumns((x) => (x < 244 ? [205, 226, 238] : [250, 250, 250]))],
    ['a strip of yellow paper', paintColumns((x) => (x < 244 ? [190, 216, 230] : [230, 215, 140]))],
  ])('is not sure of a name that ends at %s', (_, picture) => {
    expect(name(picture)).toMatchObject({ confidence: 0.88, warnings: ['cut'] });
  });

  it.each([
    ['kabupaten_kota', 'KABUPATEN PASAMAN', 0.88],
    ['kabupaten_kota', 'KABUPATEN PASAMAN BARAT', 0.97],
    ['provinsi', 'PAPUA', 0.88],
    ['kel_desa', 'SUKAMAJU', 0.88],
    ['gol_darah', 'A', 0.88],
    ['agama', 'ISLAM', 0.97],
  ] as const)('is only sure of a %s at an edge that nothing can follow: %s', (field, value, confidence) => {
    const picture = paint((x) => (x < 244 ? PAPER : 80));
    const reading = readingOf({ [field]: { value, raw: value, box: NAME.box, confidence: 0.97 } });
    expect(markLightEdges(foundCard(picture), reading).fields[field].confidence).toBe(confidence);
  });

  it('leaves a value alone on paper of one light, and where the light fades', () => {
    for (const picture of [evenly, paint((x) => PAPER - x / 8)]) {
      expect(name(picture)).toMatchObject({ confidence: 0.97, warnings: [] });
    }
  });

  it('leaves one alone beside the photo, whose edge is no edge of light', () => {
    const box = boxAt(240, 100, 340, 112);
    const reading = readingOf({ nama: { ...NAME, box, confidence: 0.97 } });
    const marked = markLightEdges(foundCard(paint((x) => (x < 346 ? PAPER : 60))), reading);
    expect(marked.fields.nama.warnings).toEqual([]);
  });

  it('answers no doubtful place that no list knows: it is what is left of one', () => {
    const picture = paint((x) => (x < 244 ? PAPER : 80));
    const village = { value: 'BANJAR TENG', raw: 'BANJAR TENG', box: NAME.box, confidence: 0.6 };
    const read = (warnings: string[]) =>
      markLightEdges(foundCard(picture), readingOf({ kel_desa: { ...village, warnings } })).fields.kel_desa;
    expect(read(['not_in_list'])).toMatchObject({ value: null, warnings: ['not_in_list', 'cut'] });
    expect(read(['not_in_list']).alternatives?.[0]?.value).toBe('BANJAR TENG');
    expect(read([])).toMatchObject({ value: 'BANJAR TENG', warnings: ['cut'] });
  });
});

describe('withoutBurntStarts', () => {
  const column = {
    agama: { value: 'ISLAM', box: boxAt(140, 200, 190, 212), confidence: 0.99 },
    kewarganegaraan: { value: 'WNI', box: boxAt(141, 240, 170, 252), confidence: 0.99 },
  };
  const read = (picture: ReturnType<typeof paint>, left: number) =>
    withoutBurntStarts(
      foundCard(picture),
      readingOf({ ...column, nama: { value: 'SUKI', box: boxAt(left, 100, 240, 112), confidence: 0.95 } }),
    ).fields.nama;
  const burnt = paint((x, y) => (x < 178 && y < 150 ? 255 : PAPER));

  it('does not answer a name whose first letters are burnt out', () => {
    expect(read(burnt, 180)).toMatchObject({ value: null, confidence: 0, warnings: ['cut'] });
  });

  it('keeps one that begins where the others do, and one that begins later on clear paper', () => {
    expect(read(burnt, 142).value).toBe('SUKI');
    expect(read(evenly, 180).value).toBe('SUKI');
  });

  it('keeps one on paper that is as white as the spot', () => {
    expect(
      read(
        paint(() => 255),
        180,
      ).value,
    ).toBe('SUKI');
  });
});

describe('isHidden', () => {
  const place: Quad = [
    { x: 100, y: 100 },
    { x: 200, y: 100 },
    { x: 200, y: 120 },
    { x: 100, y: 120 },
  ];
  const spot = (paper: number, value: number) => paint((x) => (x < 160 ? paper : value));

  it('is so where a burnt-out spot lies over the end of the place', () => {
    expect(isHidden(spot(PAPER, 254), place)).toBe(true);
  });

  it('is so where a smaller spot lies right behind the label, over the one letter of a value', () => {
    expect(
      isHidden(
        paint((x) => (x > 158 && x < 180 ? 254 : PAPER)),
        place,
      ),
    ).toBe(true);
  });

  it('is not so on paper as it is, nor on white paper', () => {
    expect(isHidden(evenly, place)).toBe(false);
    expect(isHidden(spot(240, 254), place)).toBe(false);
  });

  it('is so where the place lies beyond the edge of the picture', () => {
    expect(
      isHidden(
        paint(() => PAPER, 190),
        place,
      ),
    ).toBe(true);
  });
});

describe('a card as it is read', () => {
  const { lines, width, height } = cardLines({ ...SPECIMEN, gol_darah: '' });
  const clear = readKtp(lines, { width, height });
  /** Reads the card's lines on a picture; a recogniser finds nothing more. */
  const read = async (level: (x: number, y: number) => number) => {
    const found = foundCard(paint(level, Math.round(width), Math.round(height)));
    const card = { ...found.card, page: { ...found.card.page, width, height }, lines };
    const ocr: Pick<PpOcr, 'recognise'> = { recognise: async () => [] };
    // Not likely a card: no second look is taken, which would need its detector.
    const looked = await readFoundCard(ocr as PpOcr, {} as DecodedImage, {
      ...found,
      card,
      likelihood: 0.4,
    });
    return looked.reading.fields;
  };
  const pixels = ({ box }: Field) => {
    const [left, top, right, bottom] = box ?? [0, 0, 0, 0];
    return { left: left * width, top: top * height, right: right * width, bottom: bottom * height };
  };

  it('is as it was on an even picture', async () => {
    const fields = await read(() => PAPER);
    expect(fields.nama).toMatchObject({ value: 'SITI SPESIMEN', warnings: [] });
    expect(fields.gol_darah).toMatchObject({ value: '-', warnings: ['derived_from_blank'] });
  });

  it('is not sure of a name behind which the light changes', async () => {
    const name = pixels(clear.fields.nama);
    const { nama } = await read((x, y) => (x > name.right + 2 && y > name.top - 4 && y < name.bottom + 4 ? 70 : PAPER));
    expect(nama.warnings).toEqual(['cut']);
    expect(nama.confidence).toBeLessThan(0.9);
  });

  it('has no stroke for a blood group whose place is burnt out', async () => {
    const [place] = clear.unseen.filter(({ label }) => label === 'gol_darah');
    const [from, row] = [place?.quad[0].x ?? 0, place?.quad[0].y ?? 0];
    const end = place?.quad[1].x ?? 0;
    const { gol_darah } = await read((x, y) => (x > from + 0.6 * (end - from) && Math.abs(y - row) < 40 ? 254 : PAPER));
    expect(gol_darah).toMatchObject({ value: null, warnings: [] });
  });
});
