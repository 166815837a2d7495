import { type LetterInk, letterInks } from '../../media/quality/letter-inks.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type Homography, mapQuad } from '../../text-lines/homography.ts';
import { median } from '../../text-lines/median.ts';
import type { RecognisedCharacter, TextLine } from '../../text-lines/text-line.ts';
import { cutLine } from './cut-line.ts';
import { lineCrop } from './line-crop.ts';

/** Height of the picture that a line's letters are looked at in, pixels. */
const HEIGHT = 32;
/** Lines with fewer letters do not tell what their print is. */
const FEWEST_LETTERS = 5;
/** More letters than these, or than this share of a line, are no bit of a stamp. */
const MOST_FOREIGN = 6;
const MOST_SHARE = 0.4;
/** Print that is paler tells nothing: noise and the pattern have colours too. */
const CLEAR_PRINT = 0.5;
/** Print is black or grey: letters are of coloured ink from this much colour on, and from this much more than print. */
const COLOURED = 0.42;
const MORE_COLOURED = 0.25;
const PURE = 0.55;
const PALER = 0.8;
/** Letters of an ink this much fainter than the print, where that is even, are not printed. */
const FAINT = 0.53;
const EVEN = 0.8;
/** Of fewer letters one may look fainter by chance: the M of ISLAM. */
const EVEN_LETTERS = 6;
/** Where paper is this much brighter, light has washed the letters out. */
const BRIGHTER = 1.03;

/**
 * Lines without the letters of a stamp that were read on at their end: HIDAYATULLAHR under LEGALISIR. They tell by their
 * ink: coloured, or fainter than print that is even. Thin strokes and stops look faint beside letters, and a
 * number's last digit must not be lost: none of them are told by that. `picture` is the one that was taken, not a rendering,
 * which may have left less of some letters; `toPicture` takes the lines' coordinates to the picture's.
 */
export function withoutForeignEnds(
  picture: RasterPyramid,
  toPicture: Homography,
  lines: readonly TextLine[],
): TextLine[] {
  return lines.map((line) => {
    const solid = line.characters.filter(({ text }) => text.trim() !== '');
    if (solid.length < FEWEST_LETTERS || !VALUE.test(line.text)) return line;
    const first = foreignFrom(solid, inksOf(picture, toPicture, line, solid));
    const [before, foreign] = [solid[first - 1], solid[first]];
    return before && foreign ? cutLine(line, (before.position + foreign.position) / 2) : line;
  });
}

/** Values are in capitals; labels have small letters. */
const VALUE = /^[^a-z]*[A-Z]{2}[^a-z]*$/;

function inksOf(
  picture: RasterPyramid,
  toPicture: Homography,
  { quad }: TextLine,
  solid: readonly RecognisedCharacter[],
): LetterInk[] {
  const crop = lineCrop(picture, mapQuad(toPicture, quad), HEIGHT);
  const { width } = crop;
  const pitch = ((solid.at(-1)?.position ?? 1) - (solid[0]?.position ?? 0)) / Math.max(1, solid.length - 1);
  const within = (from: number, to: number): number => Math.min(pitch, to - from) / 2;
  const edges = solid.flatMap(({ position }, index) => {
    const before = solid[index - 1]?.position ?? position - pitch;
    return [(position - within(before, position)) * width];
  });
  return letterInks(crop, [...edges, ((solid.at(-1)?.position ?? 1) + pitch / 2) * width]);
}

/** Where the foreign letters at a line's end begin; past its end where there are none. */
export function foreignFrom(solid: readonly RecognisedCharacter[], inks: readonly LetterInk[]): number {
  const most = Math.min(MOST_FOREIGN, Math.floor(MOST_SHARE * inks.length));
  const print = inks.slice(0, inks.length - most);
  const [density, colour, paper] = [
    median(print.map((ink) => ink.density)),
    median(print.map((ink) => ink.colour)),
    median(print.map((ink) => ink.paper)),
  ];
  if (density < CLEAR_PRINT) return inks.length;
  const letters = print.filter((_, index) => !THIN.test(solid[index]?.text ?? ''));
  const isEven = letters.length >= EVEN_LETTERS && letters.every((ink) => ink.density > EVEN * density);
  const isForeign = (index: number): boolean => {
    const ink = inks[index];
    if (!ink) return false;
    const isColoured = ink.colour > COLOURED && ink.colour > colour + MORE_COLOURED;
    // Ink that half covers a black letter gives it some colour.
    if (isColoured && (ink.colour > PURE || ink.density < PALER * density)) return true;
    const isWashedOut = ink.paper > BRIGHTER * paper;
    // In front of a foreign letter a thin one is of its ink too.
    const text = solid[index]?.text ?? '';
    const tells = LETTER.test(text) && (index + 1 < inks.length || !THIN.test(text));
    return isEven && !isWashedOut && tells && ink.density < FAINT * density;
  };
  let first = inks.length;
  while (first > inks.length - most && isForeign(first - 1)) first--;
  // A mark behind the print's last letter is as thin as it looks.
  while (first < inks.length && MARK.test(solid[first]?.text ?? '')) first++;
  return first;
}

/** Strokes and marks, which look faint where the picture is not sharp. */
const THIN = /[^A-HK-Z02-9]/;
const LETTER = /[A-Z]/;
const MARK = /[^A-Z0-9]/;
