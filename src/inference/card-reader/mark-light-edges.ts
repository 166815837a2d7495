import type { FieldName } from '../../ktp/field-names.ts';
import { takeBack, withCut } from '../../ktp/fields/alternatives.ts';
import type { KtpReading } from '../../ktp/read-ktp.ts';
import { provinces, regencies } from '../../ktp/rules/regions.ts';
import type { Field } from '../../ktp/schema.ts';
import { UNSURE_AT_MOST } from '../../ktp/sure.ts';
import { withFields } from '../../ktp/with-fields.ts';
import { quantile } from '../../media/quality/luma.ts';
import { sampleRaster } from '../../media/sample.ts';
import { applyHomography, composeHomographies } from '../../text-lines/homography.ts';
import type { FoundCard } from './find-card.ts';
import { unlistedValues } from './unlisted-values.ts';

/**
 * Values whose end may be missing unseen: free text, places that may have a numeral or word more (SUKAMAJU of SUKAMAJU II),
 * a group that may have a sign. Of others only what no list knows, and what others of the list begin with.
 */
const OPEN: readonly FieldName[] = ['nama', 'alamat', 'kel_desa', 'kecamatan', 'gol_darah'];
/** Behind a value, in heights of its line: what is compared with what lies under its end. */
const BEHIND_FROM = 0.3;
const BEHIND_TO = 2;
const END = 2;
/** Light that changes by more than this between the two is an edge; of one colour alone, that of a finger or of paper. */
const CHANGE = 1.4;
const COLOUR_CHANGE = 1.3;
/** Where all channels end at the sensor's limit a smaller change of one is the edge of a burnt-out spot. */
const BURNT_OUT = 250;
const BURNT_CHANGE = 1.25;
/** The photo and its edge begin here, as shares of the card. */
const PHOTO_LEFT = 0.69;
const PHOTO_TOP = 0.22;
/** Below this a value that no list knows and that ends at such an edge is what is left of one. */
const REMNANT = 0.7;
const SAMPLE = 16;
/** Of the pixels between letters so many are darker than paper. */
const PAPER = 0.85;
/** Where a step is looked for around a value's end, in heights of its line; how wide it is at most, and how high at least. */
const STEP_BEFORE = 0.2;
const STEP_BEHIND = 1.2;
const STEP_COLUMNS = 2;
const STEP_CHANGE = 1.15;

/**
 * Marks values that end where the light changes: at the edge of a hard shadow, a burnt-out spot, a finger, the edge of the
 * picture. What is seen of them may not be all; of a place that no list knows and that was not read surely it is not, and
 * nothing is answered.
 */
export function markLightEdges(found: FoundCard, reading: KtpReading): KtpReading {
  const fields = { ...reading.fields };
  const unlisted = unlistedValues(fields);
  for (const name of new Set([...OPEN, ...unlisted, ...begunByOthers(fields)])) {
    const field = fields[name];
    if (field.value === null || !endsAtEdge(found, field)) continue;
    const isRemnant = unlisted.includes(name) && field.confidence < REMNANT;
    const confidence = Math.min(field.confidence, UNSURE_AT_MOST);
    fields[name] = isRemnant ? takeBack(field) : { ...field, confidence, warnings: withCut(field) };
  }
  return withFields(reading, fields);
}

/** Provinces and regencies whose name others begin with: PASAMAN of PASAMAN BARAT. */
function begunByOthers({ provinsi, kabupaten_kota }: KtpReading['fields']): FieldName[] {
  const begins = ({ value }: Field, regions: readonly { name: string }[]): boolean =>
    value !== null && regions.some(({ name }) => name.startsWith(`${value} `));
  return [
    ...(begins(provinsi, provinces()) ? (['provinsi'] as const) : []),
    ...(begins(kabupaten_kota, regencies()) ? (['kabupaten_kota'] as const) : []),
  ];
}

function endsAtEdge({ card, picture }: FoundCard, { box }: Field): boolean {
  const { page, frame } = card;
  if (!box || !frame) return false;
  const [, top, right, bottom] = box;
  const height = (bottom - top) * page.height;
  const edge = right * page.width;
  const end = applyHomography(page.toSource, { x: edge + BEHIND_TO * height, y: ((top + bottom) / 2) * page.height });
  if (end.x < 0 || end.y < 0 || end.x > picture.base.width || end.y > picture.base.height) return true;
  const isBesidePhoto = bottom * page.height > frame.top + PHOTO_TOP * (frame.bottom - frame.top);
  const reach = isBesidePhoto ? PHOTO_LEFT : 1;
  if (edge + BEHIND_TO * height > frame.left + reach * (frame.right - frame.left)) return false;
  /** A stretch of the line's paper, by red, green and blue of each of its columns, between the letters. */
  const paper = (from: number, to: number, columns: number): number[][] => {
    const [x, y] = [(to - from) / SAMPLE, height / SAMPLE];
    const map = composeHomographies(page.toSource, [x, 0, from, 0, y, top * page.height, 0, 0, 1]);
    return columnsOf(sampleRaster(picture, map, SAMPLE, SAMPLE).data, columns);
  };
  const [here = []] = paper(edge - END * height, edge, 1);
  const [behind = []] = paper(edge + BEHIND_FROM * height, edge + BEHIND_TO * height, 1);
  const changes = changesOf(here, behind);
  const [least, most] = [Math.min(...changes), Math.max(...changes)];
  return (
    Math.max(-least, most) > Math.log(CHANGE) ||
    most - least > Math.log(COLOUR_CHANGE) ||
    (Math.min(...behind) >= BURNT_OUT && -least > Math.log(BURNT_CHANGE)) ||
    hasStep(paper(edge - STEP_BEFORE * height, edge + STEP_BEHIND * height, SAMPLE))
  );
}

/** Whether the colour of neighbouring columns changes at once, as at the edge of something that lies on the card. */
function hasStep(columns: readonly number[][]): boolean {
  return columns.some((column, index) => {
    const next = columns[index + STEP_COLUMNS];
    return next !== undefined && changesOf(column, next).some((change) => Math.abs(change) > Math.log(STEP_CHANGE));
  });
}

function changesOf(first: readonly number[], second: readonly number[]): number[] {
  return first.map((level, channel) => Math.log(level / (second[channel] ?? level)));
}

/** Red, green and blue of the lighter parts of a square sample's columns, so many of them. */
function columnsOf(data: Uint8Array, columns: number): number[][] {
  return Array.from({ length: columns }, (_, column) =>
    [0, 1, 2].map((channel) => {
      const levels = data.filter((_, at) => {
        const x = Math.floor(at / 3) % SAMPLE;
        return at % 3 === channel && Math.floor((x * columns) / SAMPLE) === column;
      });
      return Math.max(1, quantile(levels, PAPER));
    }),
  );
}
