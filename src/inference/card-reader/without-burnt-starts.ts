import type { FieldName } from '../../ktp/field-names.ts';
import { takeBack } from '../../ktp/fields/alternatives.ts';
import type { KtpReading } from '../../ktp/read-ktp.ts';
import type { Field } from '../../ktp/schema.ts';
import { withFields } from '../../ktp/with-fields.ts';
import { lumaOf, quantile } from '../../media/quality/luma.ts';
import { sampleRaster } from '../../media/sample.ts';
import { composeHomographies } from '../../text-lines/homography.ts';
import type { FoundCard } from './find-card.ts';
import { unlistedValues } from './unlisted-values.ts';

/** Values that begin in one column. */
const COLUMN: readonly FieldName[] = [
  'nama',
  'jenis_kelamin',
  'alamat',
  'rt',
  'kel_desa',
  'kecamatan',
  'agama',
  'status_perkawinan',
  'pekerjaan',
  'kewarganegaraan',
  'berlaku_hingga',
];
/** Values of which a part is a value too; of others only where no list knows them. */
const FREE: readonly FieldName[] = ['nama', 'tempat_lahir', 'alamat'];
/** Starts within this of each other, in heights of the line, are one column; a value that begins later lost letters. */
const ALIGNED = 1;
const LATE = 1.2;
/** A place is burnt out where so much of it is this bright, and this much brighter than the print's paper. */
const BURNT = 244;
const BURNT_SHARE = 0.35;
const ABOVE_PAPER = 12;
const [WIDTH, HEIGHT] = [48, 12];

/**
 * A reading without values that lost their first letters to a burnt-out spot: they begin later than the others do, and what
 * lies in front of them is white.
 */
export function withoutBurntStarts(found: FoundCard, reading: KtpReading): KtpReading {
  const fields = { ...reading.fields };
  const column = columnOf(found, fields);
  if (column === null) return reading;
  for (const name of [...FREE, ...unlistedValues(fields)]) {
    const field = fields[name];
    if (field.value !== null && startsBurnt(found, field, column)) fields[name] = takeBack(field);
  }
  return withFields(reading, fields);
}

/** Where values begin, in pixels of the page: the leftmost place at which two do. */
function columnOf({ card: { page } }: FoundCard, fields: KtpReading['fields']): number | null {
  const starts = COLUMN.flatMap((name) => {
    const { box } = fields[name];
    return box ? [{ left: box[0] * page.width, height: (box[3] - box[1]) * page.height }] : [];
  }).sort((p, q) => p.left - q.left);
  const first = starts.find(
    (start, index) => (starts[index + 1]?.left ?? Number.POSITIVE_INFINITY) - start.left < ALIGNED * start.height,
  );
  return first?.left ?? null;
}

function startsBurnt({ card: { page }, picture }: FoundCard, { box }: Field, column: number): boolean {
  if (!box) return false;
  const [left, top, right, bottom] = [
    box[0] * page.width,
    box[1] * page.height,
    box[2] * page.width,
    box[3] * page.height,
  ];
  const height = bottom - top;
  if (left - column < LATE * height) return false;
  const levels = (from: number, to: number): Uint8Array => {
    const map = composeHomographies(page.toSource, [(to - from) / WIDTH, 0, from, 0, height / HEIGHT, top, 0, 0, 1]);
    return lumaOf(sampleRaster(picture, map, WIDTH, HEIGHT));
  };
  const paper = quantile(levels(left, right), 0.6);
  const front = levels(column, left);
  const threshold = Math.max(BURNT, paper + ABOVE_PAPER);
  return front.filter((level) => level >= threshold).length > BURNT_SHARE * front.length;
}
