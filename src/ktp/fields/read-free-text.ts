import type { Slot } from '../layout/slot.ts';
import { behindColon, textOf, valueSpans } from '../layout/value-spans.ts';
import { onlyLetters } from '../rules/digits.ts';
import { plainText } from '../rules/snap.ts';
import type { Span } from '../text/spans.ts';
import { characterEvidence, type Reading, unread } from './reading.ts';

/** A value of free text: a name, an address, a region before it is looked up. Only an address may hold a colon. */
export function readFreeText(slot: Slot | undefined, clean: (text: string) => string = plainText): Reading {
  const all = slot ? valueSpans(slot.rows) : [];
  const spans = clean === cleanAddress ? all : behindColon(all);
  const raw = textOf(spans);
  const value = clean(raw);
  if (value === '') return unread();
  const evidence = {
    ...characterEvidence(spans, slot?.labelQuality ?? 0),
    oddCharacters: oddities(raw, value, clean) + doubtfulMarks(spans),
  };
  return { value, raw, spans, source: 'ocr', warnings: value === plainText(raw) ? [] : ['normalised'], evidence };
}

/** Words that another one follows: a value that ends with them goes on where it could not be read. */
const DANGLING = / (?:BLOK|NO\.?|JL\.?|GG\.?|KM\.?|RT\.?|DA|DE|BIN|BINTI)$/;

/** What does not belong into a value: digits in a name, marks that no card prints, a last word that wants another. */
function oddities(raw: string, value: string, clean: (text: string) => string): number {
  const marks = clean === cleanName ? /[0-9|!$]/g : /[^A-Z0-9 .,'()/:&-]/gi;
  return (raw.match(marks)?.length ?? 0) + (DANGLING.test(value) ? 2 : 0);
}

/** Blanks and full stops that were put back though the recogniser gave them next to nothing. */
function doubtfulMarks(spans: readonly Span[]): number {
  const restored = spans.flatMap((span) => span.glyphs.filter((glyph) => glyph.restored));
  return restored.filter((glyph) => glyph.confidence < DOUBTFUL_SHARE).length;
}

const DOUBTFUL_SHARE = 0.08;

/**
 * A person's name: letters, and the marks . , ' - /. What stands between a name and a degree behind it is a comma: full
 * stops follow short forms. An apostrophe may end a name (BASO').
 */
export function cleanName(text: string): string {
  return onlyLetters(plainText(text))
    .replace(/[:;|]/g, ' ')
    .replace(/[^A-Z .,'/()-]/g, '')
    .replace(/^(DR|DRA|DRS|IR|PROF|HJ?|KH),(?= ?[A-Z])/, '$1.')
    .replace(
      /(?<=[A-Z]{4}[A-Z'])\.(?= ?(?:S\.?(?:E|H|T|P|PD|KOM|SI|SOS|KEP|AG|KED)|A\.?MD|M\.?(?:SI|PD|M|KOM|H))\b)/,
      ',',
    )
    .replace(/(?<=[A-Z]) ?- ?(?=[A-Z])/g, '-')
    .replace(/\s+/g, ' ')
    .replace(/ ,/g, ',')
    .replace(/^[ .,'-]+/, '')
    .replace(/(?<=[A-Z]')[ ,'-]+$|(?<![ ,'-])(?:[ ,-][ ,'-]*|(?<![A-Z])'[ ,'-]*)$/, '');
}

/**
 * An address: leading and trailing marks off, a comma or colon behind an abbreviation taken for its full stop, NQ. in front
 * of a number for NO., Roman numerals whole again: their strokes are as far apart as words are.
 */
export function cleanAddress(text: string): string {
  return plainText(text)
    .replace(/;/g, ':')
    .replace(/\b(JL|NO|GG|KP|BR|DSN|KOMP)[,:](?= ?[A-Z0-9])/g, '$1.')
    .replace(/^[ .,':;-]+(?=.)|[ ,':;]+$/g, '')
    .replace(/\bN[Q0](?=\. ?\d)|(?<= )\.O(?=\. ?\d)/g, 'NO')
    .replace(/\. \.(?=\d)/g, '. ')
    .replace(/\s+/g, ' ')
    .replace(/\b(?:I I I|I{1,2} I|I II)\b/g, (numeral) => numeral.replaceAll(' ', ''));
}

/** Name of a region or place. */
export function cleanPlace(text: string): string {
  return onlyLettersOfWords(plainText(text))
    .replace(/[:;|]/g, ' ')
    .replace(/[^A-Z0-9 .,'/()-]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[ .,'/-]+|[ .,'/-]+$/g, '');
}

/** Digits stay where they stand alone ("2 X 11 KAYU TANAM"), not inside a word. */
function onlyLettersOfWords(text: string): string {
  return text.replace(/\S+/g, (word) => (/[A-Z]{2}/.test(word) ? onlyLetters(word) : word));
}
