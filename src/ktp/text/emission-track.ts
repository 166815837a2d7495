import { type DecodedText, decodeEmissions } from '../../text-lines/ctc.ts';
import type { Emissions, TextLine } from '../../text-lines/text-line.ts';
import { foldCharacter, type Span } from './spans.ts';

/**
 * The recogniser's probabilities behind a value: the time steps of its characters only, over the spans that it was
 * read from, columns folded to upper case. Tells how well any other text would fit what was seen.
 */
export interface EmissionTrack {
  readonly emissions: Emissions;
  /** Log-probability (nats) of a text under CTC; steps that suit nothing are bounded from below. */
  logLikelihood(text: string): number;
  /** The best text over an alphabet. */
  decode(alphabet: ReadonlySet<string>): DecodedText;
}

/** No character is taken to be less likely than this, so that one bad step cannot veto a text. */
const FLOOR = 1e-4;

/** The track of spans, or undefined where a line came without emissions. */
export function trackOf(spans: readonly Span[]): EmissionTrack | undefined {
  const parts: Emissions[] = [];
  for (const span of spans) {
    const part = partOf(span);
    if (!part) return undefined;
    parts.push(part);
  }
  const first = parts[0];
  if (!first) return undefined;
  if (parts.some((part) => part.characters.length !== first.characters.length)) return undefined;
  return toTrack(parts.length === 1 ? first : concatenate(parts));
}

/** The track of a whole line, blanks at its ends included; undefined where it came without emissions. */
export function trackOfLine(line: TextLine): EmissionTrack | undefined {
  const folded = foldedEmissions(line);
  return folded && toTrack(folded);
}

function toTrack(emissions: Emissions): EmissionTrack {
  const columns = new Map(emissions.characters.map((text, column) => [text, column]));
  return {
    emissions,
    logLikelihood: (text) => ctcLogLikelihood(emissions, columns, text),
    decode: (alphabet) => decodeEmissions(emissions, alphabet),
  };
}

/** Steps of a span's own characters, up to the neighbours that belong to something else. */
function partOf(span: Span): Emissions | undefined {
  const { line } = span;
  const folded = foldedEmissions(line);
  const first = span.glyphs[0];
  const last = span.glyphs.at(-1);
  if (!folded || !first || !last) return undefined;
  const step = (position: number): number => Math.floor(position * folded.steps);
  let from = 0;
  let to = folded.steps;
  for (const { position, text } of line.characters) {
    if (foldCharacter(text) === ' ') continue;
    if (position < first.position) from = Math.max(from, step(position) + 1, step(first.position) - 2);
    else if (position > last.position) to = Math.min(to, step(position), step(last.position) + 3);
  }
  from = Math.min(from, step(first.position));
  to = Math.max(to, step(last.position) + 1);
  const { characters, probabilities } = folded;
  const columns = characters.length;
  return { characters, steps: to - from, probabilities: probabilities.subarray(from * columns, to * columns) };
}

/** Joins spans' steps; between two of them stands a step that may or may not be a blank. */
function concatenate(parts: readonly Emissions[]): Emissions {
  const characters = parts[0]?.characters ?? [];
  const columns = characters.length;
  const steps = parts.reduce((sum, part) => sum + part.steps, 0) + parts.length - 1;
  const probabilities = new Float32Array(steps * columns);
  const space = characters.indexOf(' ');
  let offset = 0;
  for (const [index, part] of parts.entries()) {
    if (index > 0) {
      probabilities[offset] = 0.1;
      if (space >= 0) probabilities[offset + space] = 0.9;
      offset += columns;
    }
    probabilities.set(part.probabilities, offset);
    offset += part.probabilities.length;
  }
  return { characters, steps, probabilities };
}

const foldedLines = new WeakMap<Emissions, Emissions>();

/** A line's emissions with columns that fold to the same upper case character added up. */
function foldedEmissions(line: TextLine): Emissions | undefined {
  const { emissions } = line;
  if (!emissions) return undefined;
  const known = foldedLines.get(emissions);
  if (known) return known;
  const { characters, target } = foldedColumns(emissions.characters);
  const columns = characters.length;
  const probabilities = new Float32Array(emissions.steps * columns);
  const width = emissions.characters.length;
  for (let step = 0; step < emissions.steps; step += 1) {
    for (let column = 0; column < width; column += 1) {
      const probability = emissions.probabilities[step * width + column] ?? 0;
      if (probability === 0) continue;
      const at = step * columns + (target[column] ?? 0);
      probabilities[at] = (probabilities[at] ?? 0) + probability;
    }
  }
  const folded: Emissions = { characters, steps: emissions.steps, probabilities };
  foldedLines.set(emissions, folded);
  return folded;
}

interface FoldedColumns {
  readonly characters: readonly string[];
  /** Folded column of each original one. */
  readonly target: Uint16Array;
}

const columnCache = new WeakMap<readonly string[], FoldedColumns>();

function foldedColumns(original: readonly string[]): FoldedColumns {
  const known = columnCache.get(original);
  if (known) return known;
  const characters = [''];
  const index = new Map<string, number>();
  const target = new Uint16Array(original.length);
  for (const [column, text] of original.entries()) {
    if (column === 0) continue;
    const folded = foldCharacter(text).toUpperCase();
    let at = index.get(folded);
    if (at === undefined) {
      at = characters.length;
      characters.push(folded);
      index.set(folded, at);
    }
    target[column] = at;
  }
  const result = { characters, target };
  columnCache.set(original, result);
  return result;
}

/** CTC forward pass (Graves 2006) in log space over the text with blanks between its characters. */
function ctcLogLikelihood(emissions: Emissions, columns: ReadonlyMap<string, number>, text: string): number {
  const labels: number[] = [0];
  for (const character of text) labels.push(columns.get(character) ?? -1, 0);
  const states = labels.length;
  const width = emissions.characters.length;
  let previous = new Float64Array(states).fill(Number.NEGATIVE_INFINITY);
  let current = new Float64Array(states);
  for (let step = 0; step < emissions.steps; step += 1) {
    const row = step * width;
    for (let state = 0; state < states; state += 1) {
      const label = labels[state] ?? 0;
      let reach: number;
      if (step === 0) {
        reach = state <= 1 ? 0 : Number.NEGATIVE_INFINITY;
      } else {
        reach = previous[state] ?? Number.NEGATIVE_INFINITY;
        if (state > 0) reach = logAdd(reach, previous[state - 1] ?? Number.NEGATIVE_INFINITY);
        if (state > 1 && label !== 0 && label !== labels[state - 2]) {
          reach = logAdd(reach, previous[state - 2] ?? Number.NEGATIVE_INFINITY);
        }
      }
      const probability = label < 0 ? 0 : (emissions.probabilities[row + label] ?? 0);
      current[state] = reach + Math.log(Math.max(FLOOR, probability));
    }
    [previous, current] = [current, previous];
  }
  return logAdd(previous[states - 1] ?? Number.NEGATIVE_INFINITY, previous[states - 2] ?? Number.NEGATIVE_INFINITY);
}

function logAdd(first: number, second: number): number {
  if (first === Number.NEGATIVE_INFINITY) return second;
  if (second === Number.NEGATIVE_INFINITY) return first;
  const high = Math.max(first, second);
  const difference = Math.abs(first - second);
  return difference > 30 ? high : high + Math.log1p(Math.exp(-difference));
}
