import type { RasterPyramid } from '../../media/raster.ts';
import { type Homography, invertHomography, mapQuad } from '../../text-lines/homography.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import { withBlankBehindStop } from './blank-behind-stop.ts';
import { withBlankBetweenStrokes } from './blank-between-strokes.ts';

/**
 * The recogniser sees a step of eight pixels at a time: of equal thin strokes (III) some fall into one, and faint ones at
 * a line's end are taken for none. Lines this much wider show every stroke.
 */
const STRETCH = 1.8;
/** A wider crop that is read with so much less confidence tells nothing. */
const LEAST_GAIN = -0.12;
/** Behind the last letter a box reaches one or two letters farther; with more room than this something was left unread. */
const ROOM_PITCHES = 2.3;
const LEAST_CHARACTERS = 3;

/**
 * Lines with Roman numerals, or with room behind their last letter, read again from stretched crops. The wider reading is
 * taken where it differs in strokes alone, and blanks between strokes and behind stops are put back. `toPicture` takes the lines' coordinates
 * to the picture's.
 */
export async function rereadStrokes(
  ocr: PpOcr,
  picture: RasterPyramid,
  toPicture: Homography,
  lines: readonly TextLine[],
): Promise<TextLine[]> {
  const read = await readWider(ocr, picture, toPicture, lines);
  return read.map((line) => withBlankBehindStop(picture, toPicture, withBlankBetweenStrokes(picture, toPicture, line)));
}

/** The lines that a wider crop may tell more of, read from that. */
async function readWider(
  ocr: PpOcr,
  picture: RasterPyramid,
  toPicture: Homography,
  lines: readonly TextLine[],
): Promise<readonly TextLine[]> {
  const thin = lines.filter((line) => hasNumeral(line.text) || hasRoom(line) || endsThin(line));
  if (thin.length === 0) return lines;
  const settings = { ...CARD_LINES, stretch: STRETCH, emissions: true };
  const read = await ocr.recognise(
    picture,
    thin.map(({ quad }) => mapQuad(toPicture, quad)),
    settings,
  );
  const back = invertHomography(toPicture);
  return lines.map((line) => {
    const wide = read[thin.indexOf(line)];
    if (!wide || wide.text === line.text || wide.confidence - line.confidence < LEAST_GAIN) return line;
    return isLongerByStrokes(wide.text, line.text) ? { ...wide, quad: mapQuad(back, wide.quad) } : line;
  });
}

/** A word of I, V and X, as villages, districts and streets have them. The ones of dates and numbers are none. */
export function hasNumeral(text: string): boolean {
  return /(?:^|[^A-Za-z0-9])[IVXl1|]{1,5}(?![A-Za-z0-9])/.test(text.replace(DATE, '')) && /[A-Z]{3}/.test(text);
}

const DATE = /\d{1,2} ?[-/.] ?\d{1,2} ?[-/. ] ?\d{4}/g;

/** Whether a doubtful stroke ends the line: one of several, it may be. */
function endsThin({ characters, text }: TextLine): boolean {
  const last = characters.findLast((character) => character.text.trim() !== '');
  return last !== undefined && /[A-Z]{3}/.test(text) && 'IVXl1|'.includes(last.text) && last.confidence < CLEAR_STROKE;
}

const CLEAR_STROKE = 0.9;

function hasRoom({ characters, text: read }: TextLine): boolean {
  // Values are in capitals; a label's last letter is known.
  if (!/[A-Z]{3}/.test(read) || /[a-z]/.test(read)) return false;
  const solid = characters.filter(({ text }) => text.trim() !== '');
  const [first, last] = [solid[0], solid.at(-1)];
  if (!first || !last || solid.length < LEAST_CHARACTERS) return false;
  const pitch = (last.position - first.position) / (characters.length - 1);
  return 1 - last.position > ROOM_PITCHES * pitch;
}

/** Whether two readings are alike but for more strokes, and blanks, in the first one. */
function isLongerByStrokes(wide: string, narrow: string): boolean {
  const bare = (text: string): string => text.replace(/[ IVX]/g, '');
  const strokes = (text: string): number => text.replace(/[^IVX]/g, '').length;
  return bare(wide) === bare(narrow) && strokes(wide) > strokes(narrow);
}
