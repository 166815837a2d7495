import { median } from '../../text-lines/median.ts';
import type { Emissions, RecognisedCharacter, TextLine } from '../../text-lines/text-line.ts';

/** A line's character, or one that the recogniser dropped or took for a blank and that its probabilities bring back. */
export interface RestoredCharacter extends RecognisedCharacter {
  readonly restored?: true;
}

/**
 * The recogniser drops blanks and full stops now and then. Where it did, it had still given them a share of the
 * probability at a step between the two neighbours. Measured on drawn cards from scan to motion blur (bench/fields):
 * a dropped blank had 14 to 38 %, none had at most 1.5 %, on faxes up to 7 % where the gap is none; behind "I" or "NI" in
 * front of a Balinese name 0.9 %; between a full stop and a digit ("NO. 5") mostly from 0.04 % with a gap of a pitch or
 * more, else from 0.2 %, none seldom so, but in a line that has no blank behind another stop ("JL.MELATI") up to 0.13 %
 * with a gap of at most 0.98; a full stop dropped behind an abbreviation ("JL") 0.35 to 13 %, none at most 0.15 %. Under a
 * mark a dropped stop may have next to nothing, but leaves its room: in front of the blank behind it 6 of 7 had a gap of
 * 0.9 pitches or more, none of 13 without a stop. It counts where another abbreviation of the line has its stop.
 */
const DROPPED_BLANK = 0.1;
const DROPPED_BLANK_IN_WIDE_GAP = 0.03;
const WIDE_WORD_GAP_PITCHES = 1.3;
const DROPPED_BLANK_AFTER_STOP = 0.015;
const DROPPED_BLANK_BEFORE_DIGIT = 0.0003;
const DROPPED_BLANK_IN_NUMBER = 0.002;
const DROPPED_BLANK_IN_NAME = 0.005;
const DROPPED_STOP = 0.0025;
const WIDE_GAP_PITCHES = 0.97;
const WIDE_GAP_IN_TIGHT_LINE_PITCHES = 1.1;
const STOP_GAP_PITCHES = 0.9;
const OVERLOOKED_STOP = 0.00002;
/**
 * An apostrophe between letters that was dropped, or read as a blank, kept 2.6 to 9 % (three looks at SYA'BAN under a
 * stamp); a blank or nothing leaves it less than 0.05 %, a scratch over worn print more, but between letters that stand
 * as close as others (U'TARA).
 */
const DROPPED_APOSTROPHE = 0.005;
const APOSTROPHE_GAP_PITCHES = 1.15;
/** Between two letters I, which are narrow, the same is this. NYI'IMAS on a copy had 9 %, and 1.0 pitches. */
const APOSTROPHE_GAP_BETWEEN_STROKES_PITCHES = 0.9;
/**
 * A blank that was read inside a word cut up by what lay over it (TENG AH) had 0.51, and a gap of 0.9 letters where the
 * line's others had 1.4; from one picture, so the limits lie well between.
 */
const FAINT_BLANK = 0.7;
const CLOSE_PITCHES = 1.02;
const ROOMY_PITCHES = 1.25;

/** What a name follows, and what a number does. */
const OF_PLACES = 'JL|JLN|GG|KP|BR|DSN|DS|KOMP|LK|LINGK';
const OF_NUMBERS = 'NO|BLK';
const ABBREVIATION = new RegExp(`(?:^|[ .:])(?:${OF_PLACES}|${OF_NUMBERS})$`, 'i');
const DOTTED = new RegExp(`(?:^|[ .:])(?:${OF_PLACES}|${OF_NUMBERS})\\.`, 'i');
/** A line in which a word follows an abbreviation's stop at once. */
const TIGHT = new RegExp(`(?:^|[ .:])(?:${OF_PLACES})\\.[A-Z]`, 'i');
const BALINESE = /^(?:NYOMAN|MADE|WAYAN|KETUT|GEDE|PUTU|KADEK|KOMANG|GUSTI|NENGAH|DEWA|LUH|GST|WYN|KT)/i;

/**
 * The characters of a line with dropped blanks, full stops and apostrophes put back, without blanks that tear words; as they
 * are where it has no emissions.
 */
export function restoredCharacters(line: TextLine): readonly RestoredCharacter[] {
  const { characters, emissions } = line;
  if (!emissions || characters.length < 2) return characters;
  const extent = (characters.at(-1)?.position ?? 1) - (characters[0]?.position ?? 0);
  const pitch = extent / (characters.length - 1);
  const letterPitch = letterPitchOf(characters);
  const restored: RestoredCharacter[] = [];
  let text = '';
  let torn = 0;
  for (const [index, read] of characters.entries()) {
    const before = characters[index - 1];
    if (isStrayBlank(characters, index, letterPitch)) {
      torn = read.confidence;
      continue;
    }
    // How far it was no blank that stood here.
    const character = torn > 0 ? { ...read, confidence: Math.min(read.confidence, 1 - torn) } : read;
    torn = 0;
    const apostrophe = apostropheInBlank(characters, index, emissions);
    if (apostrophe > 0) {
      restored.push({ ...character, text: "'", confidence: apostrophe, restored: true });
      text += "'";
      continue;
    }
    if (before && before.text.trim() !== '') {
      const gap: Gap = { emissions, from: before.position, to: character.position, pitch };
      for (const [mark, share] of dropped(text, characters, index, gap)) {
        restored.push({ text: mark, confidence: share, position: (gap.from + gap.to) / 2, restored: true });
      }
    }
    restored.push(character);
    text += character.text;
  }
  return restored;
}

interface Gap {
  readonly emissions: Emissions;
  readonly from: number;
  readonly to: number;
  readonly pitch: number;
}

/** What was dropped in front of a character: a full stop, a blank, both, an apostrophe or nothing. */
function dropped(
  text: string,
  characters: readonly RecognisedCharacter[],
  index: number,
  gap: Gap,
): [string, number][] {
  const found: [string, number][] = [];
  const next = characters[index]?.text ?? '';
  const stop = /^[A-Z0-9 ]$/i.test(next) && ABBREVIATION.test(text) ? shareOf('.', gap) : 0;
  if (stop > (leavesRoom(characters, next, gap) ? OVERLOOKED_STOP : DROPPED_STOP)) found.push(['.', stop]);
  if (next.trim() === '') return found;
  const blank = shareOf(' ', gap);
  const areStrokes = text.endsWith('I') && next === 'I';
  const room = areStrokes ? APOSTROPHE_GAP_BETWEEN_STROKES_PITCHES : APOSTROPHE_GAP_PITCHES;
  const hasRoom = gap.to - gap.from >= room * gap.pitch;
  const apostrophe = hasRoom && VOWEL.test(text) && LETTER.test(next) ? apostropheIn(gap) : 0;
  if (apostrophe > 0) return [...found, ["'", apostrophe]];
  if (!characters[index - 1]?.isJoined && blank > leastBlank(text, characters, index, gap)) found.push([' ', blank]);
  return found;
}

/** Apostrophes stand behind a vowel: SYA'BAN, MU'MINAH. */
const VOWEL = /[AIUEO]$/;
const LETTER = /^[A-Z]$/;

/** How likely what was read as a blank between two letters is an apostrophe, 0 where it surely is none. */
function apostropheInBlank(characters: readonly RecognisedCharacter[], index: number, emissions: Emissions): number {
  const [before, own, next] = [characters[index - 1], characters[index], characters[index + 1]];
  if (!before || !next || own?.text !== ' ' || !VOWEL.test(before.text) || !LETTER.test(next.text)) return 0;
  return apostropheIn({ emissions, from: before.position, to: next.position });
}

/** How likely an apostrophe rather than a blank stands in a gap, 0 where it hardly showed. */
function apostropheIn(gap: Omit<Gap, 'pitch'>): number {
  const apostrophe = shareOf("'", gap);
  return apostrophe > DROPPED_APOSTROPHE ? apostrophe / (apostrophe + shareOf(' ', gap)) : 0;
}

/** Whether a stop would have room in front of a blank, in a line whose other abbreviations have theirs. */
function leavesRoom(characters: readonly RecognisedCharacter[], next: string, { from, pitch, to }: Gap): boolean {
  if (next.trim() !== '' || to - from < STOP_GAP_PITCHES * pitch) return false;
  return DOTTED.test(characters.map(({ text }) => text).join(''));
}

/** A typical distance of letters next to each other that are not narrow, 0 where there are too few. */
function letterPitchOf(characters: readonly RecognisedCharacter[]): number {
  const distances = characters.flatMap((character, index) => {
    const before = characters[index - 1];
    return before && BROAD.test(before.text) && BROAD.test(character.text)
      ? [character.position - before.position]
      : [];
  });
  return distances.length < FEWEST_DISTANCES ? 0 : median(distances);
}

/** Capitals that are about as broad as others. */
const BROAD = /^[A-HK-Z]$/;
const FEWEST_DISTANCES = 2;

/**
 * Whether a faint blank tears a word: the letters beside it stand as close as those of words do, in a line whose other
 * blanks have room.
 */
function isStrayBlank(characters: readonly RecognisedCharacter[], index: number, letterPitch: number): boolean {
  const own = characters[index];
  if (letterPitch === 0 || own?.text !== ' ' || own.confidence >= FAINT_BLANK) return false;
  const rooms = characters.flatMap((character, at) => {
    const [before, next] = [characters[at - 1], characters[at + 1]];
    if (character.text !== ' ' || !before || !next || !BROAD.test(before.text) || !BROAD.test(next.text)) return [];
    return [{ at, pitches: (next.position - before.position) / letterPitch }];
  });
  const others = rooms.filter(({ at }) => at !== index);
  const room = rooms.find(({ at }) => at === index)?.pitches ?? Number.POSITIVE_INFINITY;
  return room <= CLOSE_PITCHES && others.length > 0 && others.every(({ pitches }) => pitches >= ROOMY_PITCHES);
}

function leastBlank(text: string, characters: readonly RecognisedCharacter[], index: number, gap: Gap): number {
  const next = characters[index]?.text ?? '';
  // GG. (gang) is one word.
  if (/(?:^|[ .:])G$/.test(text) && next === 'G') return 1;
  if (text.endsWith('.')) {
    if (!/\d/.test(next)) return DROPPED_BLANK_AFTER_STOP;
    const wide = TIGHT.test(text) ? WIDE_GAP_IN_TIGHT_LINE_PITCHES : WIDE_GAP_PITCHES;
    return gap.to - gap.from >= wide * gap.pitch ? DROPPED_BLANK_BEFORE_DIGIT : DROPPED_BLANK_IN_NUMBER;
  }
  if (/(?:^|[: ])N?I$/.test(text)) {
    const rest = characters
      .slice(index, index + 6)
      .map((character) => character.text)
      .join('');
    if (BALINESE.test(rest)) return DROPPED_BLANK_IN_NAME;
  }
  return gap.to - gap.from >= WIDE_WORD_GAP_PITCHES * gap.pitch ? DROPPED_BLANK_IN_WIDE_GAP : DROPPED_BLANK;
}

/** The best probability of a character at the time steps between two positions. */
function shareOf(character: string, { emissions, from, to }: Omit<Gap, 'pitch'>): number {
  const columns = emissions.characters.length;
  const column = emissions.characters.indexOf(character);
  if (column < 0) return 0;
  let best = 0;
  for (let step = Math.floor(from * emissions.steps) + 1; step < Math.floor(to * emissions.steps); step += 1) {
    best = Math.max(best, emissions.probabilities[step * columns + column] ?? 0);
  }
  return best;
}
