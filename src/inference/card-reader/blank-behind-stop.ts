import { gapBehindStop } from '../../media/quality/gap-behind-stop.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type Homography, mapQuad } from '../../text-lines/homography.ts';
import type { RecognisedCharacter, TextLine } from '../../text-lines/text-line.ts';
import { withCharacters } from '../../text-lines/with-characters.ts';
import { lineCrop } from './line-crop.ts';

/** Height of the picture of a line that the gap is measured in, pixels. */
const HEIGHT = 48;
/**
 * Behind the stop of an abbreviation the next character stands 0.45 to 0.65 of the capitals' height away with a blank
 * between them, 0.07 to 0.29 without, and 0.38 seen at a slant (45 drawn lines, scan to small, dark and grey copies).
 */
const BLANK = 0.42;
const NO_BLANK = 0.3;
/** What was measured against the recogniser is never sure. */
const CONFIDENCE = 0.85;
/** An abbreviation of addresses, or an initial, with its stop, and what follows it. */
const ABBREVIATION = /(?<=(?:^|[ .:])(?:NO|BLK|JLN?|GG|KP|KOMP|DSN|[A-Z]))\.( ?)(?=[A-Z0-9])/g;

/**
 * Puts the blanks behind the stops of abbreviations where the ink has them: the recogniser, a step of eight pixels at a
 * time, now and then reads NO. 3 as NO.3 and the other way round, and is sure of it. Where neither of them
 * has one, no faint blank of the probabilities is to be put there. `toPicture` takes the line to the picture.
 */
export function withBlankBehindStop(picture: RasterPyramid, toPicture: Homography, line: TextLine): TextLine {
  // From the last to the first, so that indexes stay what they are.
  const stops = [...line.text.matchAll(ABBREVIATION)].reverse();
  if (stops.length === 0 || line.text.length !== line.characters.length) return line;
  const crop = lineCrop(picture, mapQuad(toPicture, line.quad), HEIGHT);
  const characters = [...line.characters];
  for (const { index, 1: blank } of stops) {
    const stop = characters[index];
    const next = characters[index + (blank ? 2 : 1)];
    const before = characters[index - 1];
    if (!before || !stop || !next) continue;
    const gap = gapBehindStop(crop, stop.position, before.position, next.position);
    if (gap === null) continue;
    const position = (stop.position + next.position) / 2;
    if (!blank && gap >= BLANK) characters.splice(index + 1, 0, { text: ' ', confidence: CONFIDENCE, position });
    if (!blank && gap <= NO_BLANK) characters.splice(index, 1, { ...stop, isJoined: true });
    if (blank && gap <= NO_BLANK) characters.splice(index + 1, 2, doubted(next));
  }
  return withCharacters(line, characters);
}

function doubted(character: RecognisedCharacter): RecognisedCharacter {
  return { ...character, confidence: Math.min(character.confidence, CONFIDENCE) };
}
