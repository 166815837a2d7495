import { type KtpReading, readKtp } from '../../ktp/read-ktp.ts';
import { mapFields } from '../../ktp/with-fields.ts';
import type { PageSize } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { type Bow, bend, bowBelow, findBow, flatten } from './bow.ts';
import type { Look } from './look-again.ts';
import { lookAtPlaces } from './look-at-places.ts';

/**
 * The fields of lines, with the places behind labels looked at where no value was seen. A bent card's rows are straightened
 * first; boxes and places are where they are on the page as it is. `isCovered`: a stamp or words lie over the card.
 */
export async function readWithPlaces(
  ocr: PpOcr,
  { lines, picture, toPicture }: Look,
  page: PageSize,
  isCovered = false,
): Promise<KtpReading> {
  const bow = findBow(lines, page);
  const flat = bow ? lines.map((line) => ({ ...line, quad: flatten(bow, line.quad) })) : lines;
  const reading = readKtp(flat, page, isCovered);
  const places = bow ? reading.unseen.map((place) => ({ ...place, quad: bend(bow, place.quad) })) : reading.unseen;
  if (places.length === 0) return bow ? asSeen(bow, reading, page) : reading;
  const more = await lookAtPlaces(ocr, picture, toPicture, flat, places);
  if (!bow) return more ? readKtp(more, page, isCovered) : reading;
  const whole = more?.map((line, index) => (line === flat[index] ? line : { ...line, quad: flatten(bow, line.quad) }));
  return asSeen(bow, whole ? readKtp(whole, page, isCovered) : reading, page);
}

type Box = readonly [number, number, number, number];

/** A reading of straightened rows with its boxes and places where they are on the page. */
function asSeen(bow: Bow, reading: KtpReading, page: PageSize): KtpReading {
  const back = ([left, top, right, bottom]: Box): [number, number, number, number] => {
    const middle = { x: ((left + right) / 2) * page.width, y: ((top + bottom) / 2) * page.height };
    const down = bowBelow(bow, middle) / page.height;
    return [left, top + down, right, bottom + down];
  };
  const fields = mapFields(reading.fields, (field) => {
    const characters = field.characters?.map((character) => ({ ...character, box: back(character.box) }));
    return { ...field, ...(field.box ? { box: back(field.box) } : {}), ...(characters ? { characters } : {}) };
  });
  const unseen = reading.unseen.map((place) => ({ ...place, quad: bend(bow, place.quad) }));
  return { ...reading, fields, unseen };
}
