import { combineLooks, doubtfulFields } from '../../ktp/combine-looks.ts';
import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import { overlayLines } from '../../ktp/layout/overlay.ts';
import { agreeOnLooks } from '../../ktp/looks/agree-on-looks.ts';
import { type KtpReading, readKtp } from '../../ktp/read-ktp.ts';
import { SURE, UNSURE_AT_MOST } from '../../ktp/sure.ts';
import { mapFields, withFields } from '../../ktp/with-fields.ts';
import { withoutRemains } from '../../ktp/without-remains.ts';
import type { DecodedImage } from '../../media/decode.ts';
import { composeHomographies, mapQuad } from '../../text-lines/homography.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { clearestPrint, withInk } from './clearest-print.ts';
import { isUnderColour } from './fields-under-ink.ts';
import type { FoundCard } from './find-card.ts';
import { findInRendering, isVeryBlurred, onWholePicture } from './find-in-rendering.ts';
import { findWithoutMark } from './find-without-mark.ts';
import { isHidden } from './is-hidden.ts';
import { isGrey } from './judge-quality.ts';
import { type Look, lookAgain, type PagePicture, pictureOfPage } from './look-again.ts';
import { lookAtRows } from './look-at-rows.ts';
import { lookClearer, type OtherPrint } from './look-clearer.ts';
import { markLightEdges } from './mark-light-edges.ts';
import type { Page } from './page.ts';
import { LIKELY } from './read-lines.ts';
import { readWithPlaces } from './read-with-places.ts';
import { rereadStrokes } from './reread-strokes.ts';
import { settledLines } from './settled-lines.ts';
import { withoutBurntStarts } from './without-burnt-starts.ts';
import { withoutForeignEnds } from './without-foreign-ends.ts';

/** A card's fields, and what stands over its print. */
export interface CardFields {
  /** The card, its page with more room where rows of it seemed to lie beyond. */
  readonly found: FoundCard;
  readonly reading: KtpReading;
  /** Lines on the card's page that are not the card's. */
  readonly overlay: readonly TextLine[];
  /** Fields that only the black print, or the page without a mark, told: something lies over them. */
  readonly uncovered: readonly FieldName[];
}

/**
 * Reads the fields of a card's lines. Where a field is in doubt, or text that is not the card's lies over it, the card is
 * looked at once more: without words that are written all over it (and then at the black print of that, if fields stay in
 * doubt), sharpened where it is blurred and a kernel is found, without the bands and the grid of a screen, else with nothing
 * but its black print (and then without the coloured ink over it, told by its colour and by its densities, while not all is
 * sure). A clear card pays for none.
 */
export async function readFoundCard(
  ocr: PpOcr,
  image: DecodedImage,
  found: FoundCard,
  /** Whether a mark was taken off its picture already. */
  isBare = false,
): Promise<CardFields> {
  const { page } = found.card;
  const { picture } = found;
  const read = await rereadStrokes(ocr, picture, page.toSource, found.card.lines);
  const lines = withoutForeignEnds(picture, page.toSource, read);
  const overlay = overlayLines(lines);
  const isCovered = overlay.length > 0 || isUnderColour(picture, found.card);
  const first = await readPlain(ocr, withLines(found, lines), isCovered);
  if (found.likelihood < LIKELY || (!isCovered && doubtfulFields(first.fields).length === 0)) {
    return { found, reading: honest(found, first), overlay, uncovered: [] };
  }
  if (!isCutShort(first)) {
    if (!isCutAside(first)) return readAgain(ocr, withLines(found, lines), first, overlay, isCovered);
    const wider = withRoom(found, lines, ASIDE);
    return readAgain(ocr, wider, await readPlain(ocr, wider, isCovered), overlay, isCovered);
  }
  // A page without the card's frame was made for the few rows that were told from the words.
  const marked = found.card.frame ? found : onWholePicture(image, found);
  const bare = overlay.length > 0 && !isBare ? await findWithoutMark(ocr, marked) : null;
  if (bare && bare.likelihood >= found.likelihood) {
    const below = await readFoundCard(ocr, image, bare, true);
    return { ...below, overlay, uncovered: uncoveredFields(first, below.reading) };
  }
  const sharpened = isVeryBlurred(found) ? await findInRendering(ocr, image, found, isBare) : null;
  const whole = sharpened && sharpened.likelihood > found.likelihood ? sharpened : withRoom(found, lines, AROUND);
  return readAgain(ocr, whole, await readPlain(ocr, whole, isCovered), overlay, isCovered);
}

function readPlain(ocr: PpOcr, { card: { lines, page }, picture }: FoundCard, isCovered: boolean): Promise<KtpReading> {
  return readWithPlaces(ocr, { lines, picture, toPicture: page.toSource }, page, isCovered);
}

/** The same with a second look beside the first. */
async function readAgain(
  ocr: PpOcr,
  found: FoundCard,
  first: KtpReading,
  overlay: readonly TextLine[],
  isCovered: boolean,
): Promise<CardFields> {
  const { page } = found.card;
  const settled = isCovered ? [] : settledLines(found.card.lines, first, page);
  const { bare, look: whole, others, shows } = await lookClearer(ocr, found, isCovered, settled);
  const look = ownEnds(found, whole);
  const second = await readWithPlaces(ocr, look, page, isCovered);
  const both = second.likelihood < LIKELY ? first : combineLooks(first, second, isCovered || shows === 'no grid');
  const seen = bare ? await readBare(ocr, bare, look, both, page) : both;
  const told = isCovered && others ? await readOnceMore(ocr, found, others, seen, [first, second]) : seen;
  const reading = await readRows(ocr, found, told);
  return {
    found,
    reading: honest(found, reading),
    overlay,
    uncovered: shows === 'print' ? uncoveredFields(first, second) : [],
  };
}

/** So many fields that are lost tell of print in pieces, in which a detector does not find the lines. */
const MANY_LOST = 4;

/**
 * A reading with what a look at the rows below the NIK adds, where many fields are lost in a copy: what is lost in a picture
 * with colours is covered, burnt out or blurred.
 */
async function readRows(ocr: PpOcr, found: FoundCard, reading: KtpReading): Promise<KtpReading> {
  if (doubtfulFields(reading.fields, LOST).length < MANY_LOST || !isGrey(found.card, found.picture)) return reading;
  const look = await lookAtRows(ocr, pictureOfPage(found), found.card.lines);
  if (!look) return reading;
  const rows = readKtp(look.lines, found.card.page);
  // What was read of pieces is not sure by itself.
  const fields = mapFields(rows.fields, (field) => ({
    ...field,
    confidence: Math.min(field.confidence, UNSURE_AT_MOST),
  }));
  return combineLooks(reading, { ...rows, fields }, false);
}

const LOST = 0.5;

/** A look without the letters of a stamp that were read on at its lines' ends. */
function ownEnds({ card, picture }: FoundCard, look: Look): Look {
  return { ...look, lines: withoutForeignEnds(picture, card.page.toSource, look.lines) };
}

/** A reading with what the black print alone tells of a page whose mark was taken off, of which a rim may be left. */
async function readBare(
  ocr: PpOcr,
  bare: PagePicture,
  { lines }: Look,
  reading: KtpReading,
  page: Page,
): Promise<KtpReading> {
  if (doubtfulFields(reading.fields).length === 0) return reading;
  const { raster } = await clearestPrint(ocr, withInk(bare), lines);
  const look = await lookAgain(ocr, { ...bare, raster });
  const print = await readWithPlaces(ocr, look, page);
  return print.likelihood < LIKELY ? reading : combineLooks(reading, print, false);
}

/** What a look at the picture as it is counts where a stamp or words lie over the card. */
const TRUST_UNDER_INK = 0.4;

/**
 * A reading of two looks, one of them under ink, with what other renderings of the print tell, until all is sure: where
 * three or more looks differ, what they agree on is answered.
 */
async function readOnceMore(
  ocr: PpOcr,
  found: FoundCard,
  others: readonly OtherPrint[],
  reading: KtpReading,
  [underInk, print]: readonly [KtpReading, KtpReading],
): Promise<KtpReading> {
  let whole = reading;
  const seen = [
    { reading: underInk, trust: TRUST_UNDER_INK },
    { reading: print, trust: 1 },
  ];
  for (const { picture, trust } of others) {
    if (doubtfulFields(whole.fields, SURE).length === 0) break;
    const shown = picture();
    const next =
      shown && (await readWithPlaces(ocr, ownEnds(found, await lookAgain(ocr, shown)), found.card.page, true));
    if (!next || next.likelihood < LIKELY) continue;
    seen.push({ reading: next, trust });
    whole = agreeOnLooks(reading, seen);
  }
  return whole;
}

/** Whether the first or last rows of a card were not read: they may lie beyond the page, made for misread labels. */
function isCutShort({ fields }: KtpReading): boolean {
  return EDGE_ROWS.some((name) => fields[name].value === null);
}

const EDGE_ROWS: readonly FieldName[] = ['provinsi', 'kabupaten_kota', 'nik', 'kewarganegaraan', 'berlaku_hingga'];

/**
 * Whether the column at the right, for which no label stands, was not read: seen from below or aside a card reaches farther
 * than its labels tell.
 */
function isCutAside({ fields }: KtpReading): boolean {
  return fields.tgl_terbit.value === null;
}

/** Room that such a page gets on each side, as shares of its height. */
interface Room {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const AROUND: Room = { left: 0.22, top: 0.22, right: 0.22, bottom: 0.22 };
const ASIDE: Room = { left: 0, top: 0.1, right: 0.45, bottom: 0.2 };

function withLines(found: FoundCard, lines: readonly TextLine[]): FoundCard {
  return { ...found, card: { ...found.card, lines } };
}

/** A card on a larger page. */
function withRoom(found: FoundCard, lines: readonly TextLine[], room: Room): FoundCard {
  const { card } = found;
  const { height, width } = card.page;
  const [x, y] = [room.left * height, room.top * height];
  const page: Page = {
    width: width + (room.left + room.right) * height,
    height: height + (room.top + room.bottom) * height,
    toSource: composeHomographies(card.page.toSource, [1, 0, -x, 0, 1, -y, 0, 0, 1]),
  };
  const frame = card.frame && {
    left: card.frame.left + x,
    top: card.frame.top + y,
    right: card.frame.right + x,
    bottom: card.frame.bottom + y,
  };
  const moved = lines.map((line) => ({ ...line, quad: mapQuad([1, 0, x, 0, 1, y, 0, 0, 1], line.quad) }));
  return { ...found, card: { ...card, page, frame, lines: moved } };
}

/** Fields that the first look could not tell and the second one surely does. */
function uncoveredFields(first: KtpReading, second: KtpReading): FieldName[] {
  return FIELD_NAMES.filter((name) => first.fields[name].confidence < UNTOLD && second.fields[name].confidence >= SURE);
}

const UNTOLD = 0.5;

/** A reading without what cannot have been seen. */
function honest(found: FoundCard, reading: KtpReading): KtpReading {
  return markLightEdges(found, withoutBurntStarts(found, withoutRemains(withoutHiddenBlank(found, reading))));
}

/** No stroke for a blood group that was not seen because its place is burnt out or lies beyond the picture's edge. */
function withoutHiddenBlank({ card, picture }: FoundCard, reading: KtpReading): KtpReading {
  const { gol_darah: blood } = reading.fields;
  const place = reading.unseen.find(({ label }) => label === 'gol_darah');
  if (!place || !blood.warnings.includes('derived_from_blank')) return reading;
  if (!isHidden(picture, mapQuad(card.page.toSource, place.quad))) return reading;
  return withFields(reading, {
    ...reading.fields,
    gol_darah: { ...blood, value: null, confidence: 0, warnings: [] },
  });
}
