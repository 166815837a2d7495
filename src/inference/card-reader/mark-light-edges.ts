import type { FieldName } from '../../ktp/field-names.ts';
import { takeBack, withCut } from '../../ktp/fields/alternatives.ts';
import type { KtpReading } from '../../ktp/read-ktp.ts';
import type { Field } from '../../ktp/schema.ts';
import { UNSURE_AT_MOST } from '../../ktp/sure.ts';
import { withFields } from '../../ktp/with-fields.ts';
import { lumaOf, quantile } from '../../media/quality/luma.ts';
import { sampleRaster } from '../../media/sample.ts';
import { applyHomography, composeHomographies } from '../../text-lines/homography.ts';
import type { FoundCard } from './find-card.ts';
import { unlistedValues } from './unlisted-values.ts';

/** Values of free text, whose end may be missing unseen; of others only where no list knows them. */
const FREE: readonly FieldName[] = ['nama', 'alamat'];
/** Behind a value, in heights of its line: what is compared with what lies under its end. */
const BEHIND_FROM = 0.3;
const BEHIND_TO = 2;
const END = 2;
/** Light that changes by more than this between the two is an edge. */
const CHANGE = 1.4;
/** The photo and its edge begin here, as a share of the card's width. */
const PHOTO_LEFT = 0.69;
/** Below this a value that no list knows and that ends at such an edge is what is left of one. */
const REMNANT = 0.7;
const SAMPLE = 16;

/**
 * Marks values that end where the light changes: at the edge of a hard shadow, a burnt-out spot, a finger, the edge of the
 * picture. What is seen of them may not be all; of a place that no list knows and that was not read surely it is not, and
 * nothing is answered.
 */
export function markLightEdges(found: FoundCard, reading: KtpReading): KtpReading {
  const fields = { ...reading.fields };
  const unlisted = unlistedValues(fields);
  for (const name of [...FREE, ...unlisted]) {
    const field = fields[name];
    if (field.value === null || !endsAtEdge(found, field)) continue;
    const isRemnant = unlisted.includes(name) && field.confidence < REMNANT;
    const confidence = Math.min(field.confidence, UNSURE_AT_MOST);
    fields[name] = isRemnant ? takeBack(field) : { ...field, confidence, warnings: withCut(field) };
  }
  return withFields(reading, fields);
}

function endsAtEdge({ card, picture }: FoundCard, { box }: Field): boolean {
  const { page, frame } = card;
  if (!box || !frame) return false;
  const [, top, right, bottom] = box;
  const height = (bottom - top) * page.height;
  const edge = right * page.width;
  if (edge + BEHIND_TO * height > frame.left + PHOTO_LEFT * (frame.right - frame.left)) return false;
  const end = applyHomography(page.toSource, { x: edge + BEHIND_TO * height, y: ((top + bottom) / 2) * page.height });
  if (end.x < 0 || end.y < 0 || end.x > picture.base.width || end.y > picture.base.height) return true;
  const light = (from: number, to: number): number => {
    const map = composeHomographies(page.toSource, [
      (to - from) / SAMPLE,
      0,
      from,
      0,
      height / SAMPLE,
      top * page.height,
      0,
      0,
      1,
    ]);
    // The paper between the letters.
    return Math.max(1, quantile(lumaOf(sampleRaster(picture, map, SAMPLE, SAMPLE)), 0.85));
  };
  const here = light(edge - END * height, edge);
  const behind = light(edge + BEHIND_FROM * height, edge + BEHIND_TO * height);
  return Math.max(here, behind) > CHANGE * Math.min(here, behind);
}
