import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import { colouredInk, colouredStrokes } from '../../media/quality/coloured-ink.ts';
import type { Raster, RasterPyramid } from '../../media/raster.ts';
import { inset, overviewOf } from './card-samples.ts';
import type { CardLines } from './read-lines.ts';

/** Colour of stamps and words shows on few pixels; drawn cards without stay below 0.0001, those with begin at 0.0014. */
const COLOUR_SHARE = 0.001;
/** Width of the picture of the card that strokes over single values are looked for in. */
const STROKES_WIDTH = 512;
/** Share of a value's box under strokes that run through it. One value alone may have caught the colour of something else. */
const TOUCHED = 0.01;
const LEAST_FIELDS = 2;
/** They stand below the photo, whose own colours reach down to them. */
const BELOW_PHOTO: ReadonlySet<FieldName> = new Set(['tempat_terbit', 'tgl_terbit']);

/** Whether coloured ink lies over a card's text: a stamp, words written across. */
export function isUnderColour(picture: RasterPyramid, { frame, page }: CardLines): boolean {
  return frame !== null && colourOf(overviewOf(picture, page, inset(frame))) > COLOUR_SHARE;
}

/** What each overview showed: it is asked before the fields are read and once more for the flag. */
const colours = new WeakMap<Raster, number>();

function colourOf(overview: Raster): number {
  const share = colours.get(overview) ?? colouredInk(overview);
  colours.set(overview, share);
  return share;
}

/** The fields whose values coloured strokes run through, where they are so many that a stamp or words tell it. */
export function fieldsUnderInk(picture: RasterPyramid, card: CardLines, fields: KtpResult['fields']): FieldName[] {
  const { frame, page } = card;
  if (!frame || !isUnderColour(picture, card)) return [];
  const shown = inset(frame);
  const strokesOn = colouredStrokes(overviewOf(picture, page, shown, STROKES_WIDTH));
  const across = (x: number): number => (x * page.width - shown.left) / (shown.right - shown.left);
  const down = (y: number): number => (y * page.height - shown.top) / (shown.bottom - shown.top);
  const touched = FIELD_NAMES.filter((name) => {
    const { box } = fields[name];
    if (!box || BELOW_PHOTO.has(name)) return false;
    return strokesOn([across(box[0]), down(box[1]), across(box[2]), down(box[3])]) >= TOUCHED;
  });
  return touched.length >= LEAST_FIELDS ? touched : [];
}
