import { lastStrokesOf } from '../../media/quality/last-strokes.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type Homography, mapQuad } from '../../text-lines/homography.ts';
import type { RecognisedCharacter, TextLine } from '../../text-lines/text-line.ts';
import { withCharacters } from '../../text-lines/with-characters.ts';
import { lineCrop } from './line-crop.ts';

/** Height of the picture of a line that its strokes are measured in, pixels. */
const HEIGHT = 48;
/**
 * With a blank between them, the strokes of drawn lines (scan to defocus and copies) stand 0.44 to 0.70 of the capitals'
 * height apart, of one word or numeral 0.11 to 0.27.
 */
const BLANK = 0.37;
/** A blank that was measured and not read: right on all of those lines, but never as sure as one that was. */
const CONFIDENCE = 0.85;
/** The same of a stroke that was not read either. */
const UNREAD = 0.6;
/** Letters whose right edge is a stroke. The stroke of others (T, L) has the room of their arms beside it. */
const ENDS_IN_STROKE = /[HMNU]/;

/**
 * Puts back what the recogniser, a step of eight pixels at a time, misses between equal strokes at the end of a line, and a
 * last one that it overlooks: ANDII and ANDI are ANDI I, BUDIII is BUDI II, and SYAFII stays what it is. `toPicture` takes
 * the line to the picture.
 */
export function withBlankBetweenStrokes(picture: RasterPyramid, toPicture: Homography, line: TextLine): TextLine {
  const [, strokes = ''] = /[A-Z](I{1,4})$/.exec(line.text) ?? [];
  const last = line.characters.at(-1);
  if (strokes === '' || last?.text !== 'I') return line;
  const crop = lineCrop(picture, mapQuad(toPicture, line.quad), HEIGHT);
  const seen = lastStrokesOf(crop, Math.max(2, strokes.length));
  const widest = seen?.gaps.indexOf(Math.max(...seen.gaps)) ?? -1;
  const [before, after] = [seen?.middles[widest], seen?.middles[widest + 1]];
  if (!seen || before === undefined || after === undefined || (seen.gaps[widest] ?? 0) < BLANK) return line;
  const blank = { text: ' ', confidence: CONFIDENCE, position: (before + after) / 2 };
  if (strokes.length > 1) {
    return withAdded(line, line.characters.length - strokes.length + widest + 1, [blank]);
  }
  const isOverlooked = Math.abs(last.position - before) < Math.abs(last.position - after);
  if (isOverlooked) {
    return withAdded(line, line.characters.length, [blank, { text: 'I', confidence: UNREAD, position: after }]);
  }
  const endsInStroke = ENDS_IN_STROKE.test(line.characters.at(-2)?.text ?? '');
  return endsInStroke ? withAdded(line, line.characters.length - 1, [blank]) : line;
}

function withAdded(line: TextLine, at: number, added: readonly RecognisedCharacter[]): TextLine {
  return withCharacters(line, line.characters.toSpliced(at, 0, ...added));
}
