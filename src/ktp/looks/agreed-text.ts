import { alignTexts } from './align-texts.ts';

/** A text that one look at a picture read, and what that is worth. */
export interface Voice {
  readonly text: string;
  readonly weight: number;
}

/**
 * Noise opens words more often than it closes them. What lies over print hides stops and strokes first, and a look that lost
 * one is no less sure of the rest.
 */
const BLANK_SHARE = 0.45;
const MARK_SHARE = 2;
/** Words are lost where the detector overlooked them or a look took them off: that tells less than a lost character does. */
const LOST_SHARE = 0.5;
/** More characters than these are lost or added as words are. */
const WORDS = 3;
/** What the text has that most of the voices are near to is worth so much more: other readings need more than a trifle. */
const CENTRAL_BONUS = 0.1;

/**
 * The text that several readings of one print agree on, character by character: all are aligned with the one that is nearest
 * to the others, and at each place what most of them read stands (ROVER: Fiscus 1997). So letters that one look lost and
 * bits of a stamp that another one added go, though no look read the whole. Empty without voices.
 */
export function agreedText(voices: readonly Voice[]): string {
  const [central] = [...voices].sort((p, q) => nearness(q, voices) - nearness(p, voices));
  if (!central) return '';
  const places = Array.from({ length: 2 * central.text.length + 1 }, () => new Map<string, number>());
  for (const voice of voices) {
    const bonus = voice === central ? CENTRAL_BONUS : 0;
    const read = readAt(central.text, voice.text);
    for (const [index, text] of read.entries()) {
      const votes = places[index];
      const isLost = isLostWithMore(read, index, central.text);
      const share = isLost ? LOST_SHARE : text === ' ' ? BLANK_SHARE : 1;
      votes?.set(text, (votes.get(text) ?? 0) + (voice.weight + bonus) * share);
    }
  }
  return places.map(mostVoted).join('').replace(/ +/g, ' ').trim();
}

/** How near a text is to all of them: the characters that it shares with each, by their weights. */
function nearness({ text }: Voice, voices: readonly Voice[]): number {
  return voices.reduce((sum, other) => {
    const same = alignTexts(text, other.text).filter(
      ({ first, second }) => first !== null && second !== null && text[first] === other.text[second],
    ).length;
    return sum + (other.weight * same) / Math.max(1, text.length, other.text.length);
  }, 0);
}

/** What a text has at the places of the central one: at odd ones for its characters, at even ones between them. */
function readAt(central: string, text: string): string[] {
  const read = new Array<string>(2 * central.length + 1).fill('');
  let behind = 0;
  for (const { first, second } of alignTexts(central, text)) {
    const character = second === null ? '' : (text[second] ?? '');
    if (first === null) read[2 * behind] += character;
    else {
      read[2 * first + 1] = character;
      behind = first + 1;
    }
  }
  return read;
}

/** Whether a character of the central text is lost with one that stands beside it, or at an end of it. */
function isLostWithMore(read: readonly string[], index: number, central: string): boolean {
  if (index % 2 === 0 || read[index] !== '') return false;
  const isLost = (at: number): boolean => at < 0 || at > 2 * central.length || read[at] === '';
  return isLost(index - 2) || isLost(index + 2);
}

function mostVoted(votes: ReadonlyMap<string, number>): string {
  const texts = [...votes.keys()];
  const areWords = texts.some(({ length }) => length >= WORDS);
  const isLetter = texts.some((text) => LETTER.test(text));
  const worth = ([text, weight]: readonly [string, number]): number => {
    if (text === '' && areWords) return LOST_SHARE * weight;
    return MARK.test(text) && !isLetter ? MARK_SHARE * weight : weight;
  };
  const [most] = [...votes].sort((p, q) => worth(q) - worth(p));
  return most?.[0] ?? '';
}

const MARK = /^[.,'-]$/;
const LETTER = /^[A-Z0-9]$/;
