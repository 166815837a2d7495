import type { CardForm } from '../../ktp/card-form.ts';
import { overlayLines } from '../../ktp/layout/overlay.ts';
import { bareText } from '../../ktp/rules/snap.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { Candidate } from './candidates.ts';

/** Mean confidence from which a sample of lines was read well; and the sum of label qualities that speak for a card. */
const LEGIBLE = 0.95;
const FEW_LABELS = 0.4;
/** So many legible lines tell what document they are of, if they are this share of all its lines. */
const TELLING_LINES = 6;
const TELLING_SHARE = 0.75;
/** A card with so many legible lines is told by them: even one that is cut off or half covered is likelier than this. */
const UNLIKE_A_CARD = 0.1;
/** Share of texts that occur once: words written all over a card hide its rows, and are as legible as a letter. */
const DISTINCT_SHARE = 0.8;
/** Signs of another document from which repeated lines are its sentences. */
const SURE_SIGNS = 2;

/** Whether a candidate's text could be read, by a sample, and holds no label of a KTP. */
export function isOtherText({ direction }: Candidate): boolean {
  return direction.confidence >= LEGIBLE && direction.labels < FEW_LABELS;
}

/**
 * Whether lines are those of another document, a licence or a letter, say: most of them could be read, and together they are
 * nothing like a KTP (`textLikelihood`). No rendering and no closer look would make a card of them.
 */
export function areOfOtherDocument(lines: readonly TextLine[], textLikelihood: number, form: CardForm): boolean {
  if (textLikelihood >= UNLIKE_A_CARD) return false;
  const marks = new Set(overlayLines(lines));
  const legible = legibleLines(lines).filter((line) => !marks.has(line));
  if (legible.length < TELLING_LINES || legible.length < TELLING_SHARE * lines.length) return false;
  const texts = new Set(legible.map(({ text }) => bareText(text)));
  return form.otherSigns >= SURE_SIGNS || texts.size >= DISTINCT_SHARE * legible.length;
}

/** Lines that were read well. */
export function legibleLines(lines: readonly TextLine[]): TextLine[] {
  return lines.filter(({ confidence }) => confidence >= LEGIBLE);
}
