import type { Emissions } from '../../text-lines/text-line.ts';

/** Letters that are read with less are doubtful. */
const CLEAR = 0.8;
/** A letter with as much that was not read, though none like it stands beside, may be one that was lost: a dot, mostly. */
const NEARLY_READ = 0.1;
/** Marks around values, which are seldom sure and tell nothing. */
const MARKS = new Set([' ', ':', ';']);
/**
 * Between two letters there is a gap or none: what lies between these shares may be either. Before a mark it tells
 * nothing, nor between a comma and a digit, where a date begins.
 */
const NO_GAP = 0.03;
const GAP = 0.9;
/** Steps over which a letter's own probability runs out. */
const REACH = 2;

/** Whether a line's probabilities leave room for another reading. */
export function isDoubtful({ characters, probabilities, steps }: Emissions): boolean {
  const columns = characters.length;
  const winners = Array.from({ length: steps }, (_, step) => winnerOf(probabilities, step * columns, columns));
  const space = characters.indexOf(' ');
  let strongest = 1;
  /** The most that a gap had since the letter before; null: none came before. */
  let gap: number | null = null;
  /** The letter before. */
  let before = '';
  for (const [step, winner] of winners.entries()) {
    const probability = probabilities[step * columns + winner] ?? 0;
    if (winner === 0 || winner === space) {
      if (gap !== null) gap = Math.max(gap, probabilities[step * columns + space] ?? 0);
    } else {
      const letter = characters[winner] ?? '';
      const isMark = MARKS.has(letter);
      const isOpen = !isMark && !(before === ',' && /^\d$/.test(letter));
      if (isOpen && gap !== null && gap > NO_GAP && gap < GAP) return true;
      gap = isMark ? null : 0;
      before = letter;
    }
    const goesOn = winner === winners[step - 1];
    // A letter is as sure as its best step.
    if (!goesOn && strongest < CLEAR) return true;
    if (winner === 0 || MARKS.has(characters[winner] ?? '')) strongest = 1;
    else strongest = goesOn ? Math.max(strongest, probability) : probability;
    for (let column = 1; column < columns; column++) {
      const isNear = column !== winner && (probabilities[step * columns + column] ?? 0) > NEARLY_READ;
      if (!isNear || MARKS.has(characters[column] ?? '')) continue;
      if (!winners.slice(Math.max(0, step - REACH), step + REACH + 1).includes(column)) return true;
    }
  }
  return strongest < CLEAR;
}

function winnerOf(probabilities: Float32Array, first: number, columns: number): number {
  let winner = 0;
  for (let column = 1; column < columns; column++) {
    if ((probabilities[first + column] as number) > (probabilities[first + winner] as number)) winner = column;
  }
  return winner;
}
