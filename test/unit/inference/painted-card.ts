import type { FoundCard } from '../../../src/inference/card-reader/find-card.ts';
import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import type { KtpReading } from '../../../src/ktp/read-ktp.ts';
import type { Field } from '../../../src/ktp/schema.ts';
import { withFields } from '../../../src/ktp/with-fields.ts';
import { greyRaster, RasterPyramid } from '../../../src/media/raster.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';

export const WIDTH = 500;
export const HEIGHT = 320;

/** A picture of one level of grey a pixel. */
export function paint(level: (x: number, y: number) => number, width = WIDTH, height = HEIGHT): RasterPyramid {
  const luma = Uint8Array.from({ length: width * height }, (_, at) => level(at % width, Math.floor(at / width)));
  return new RasterPyramid(greyRaster(luma, width, height));
}

/** A picture of one colour a column: red, green, blue. */
export function paintColumns(colour: (x: number) => readonly number[]): RasterPyramid {
  const row = Array.from({ length: WIDTH }, (_, x) => colour(x)).flat();
  return new RasterPyramid({ width: WIDTH, height: HEIGHT, data: Uint8Array.from(Array(HEIGHT).fill(row).flat()) });
}

/** A card that fills a picture, or reaches beyond it by so many pixels at the right. */
export function foundCard(picture: RasterPyramid, beyond = 0): FoundCard {
  const { width, height } = picture.base;
  const page = { width: width + beyond, height, toSource: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const };
  const frame = { left: 0, top: 0, right: width + beyond, bottom: height };
  const card = { page, frame, lines: [], angle: 0, otherCards: 0, lineHeight: 12 };
  return { card, picture, likelihood: 1, textLikelihood: 1, toImage: page.toSource, reduction: 1 };
}

/** The corners of an upright box, in pixels. */
export function quadAt(left: number, top: number, right: number, bottom: number): Quad {
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

/** A box on a page as wide as the picture, in pixels. */
export function boxAt(left: number, top: number, right: number, bottom: number, width = WIDTH): Field['box'] {
  return [left / width, top / HEIGHT, right / width, bottom / HEIGHT];
}

/** A reading of some fields; the others were not read. */
export function readingOf(read: Partial<Record<FieldName, Partial<Field>>>): KtpReading {
  const unread: Field = { value: null, raw: null, confidence: 0, source: 'ocr', box: null, warnings: [] };
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, { ...unread, ...read[name] }]),
  ) as KtpReading['fields'];
  return withFields(
    {
      fields,
      checks: [],
      compat: {} as KtpReading['compat'],
      likelihood: 1,
      unseen: [],
      form: { header: true, issue: true, otherSigns: 0 },
    },
    fields,
  );
}
