import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Emissions, PageSize, TextLine } from '../../src/text-lines/text-line.ts';
import type { NegativeTruth, Truth } from '../../tools/make-cards/truth.ts';

/** One picture's lines as the OCR engine gave them, with what the card says. */
export interface CorpusEntry {
  readonly truth: Truth | NegativeTruth;
  readonly page: PageSize;
  readonly lines: readonly TextLine[];
}

interface StoredLine extends Omit<TextLine, 'emissions'> {
  readonly emissions?: StoredEmissions;
}

/** Only probabilities that matter: for each step pairs of column and probability in 1/10,000. */
interface StoredEmissions {
  readonly steps: number;
  readonly sparse: readonly (readonly number[])[];
}

interface StoredEntry {
  readonly truth: Truth | NegativeTruth;
  readonly page: PageSize;
  readonly lines: readonly StoredLine[];
  /** Only in the first entry of a file: texts of the columns. */
  readonly characters?: readonly string[];
}

const SCALE = 10_000;

/** One line of NDJSON. The dictionary is written with the first entry only. */
export function storeEntry(entry: CorpusEntry, withDictionary: boolean): string {
  let characters: readonly string[] | undefined;
  const lines = entry.lines.map((line): StoredLine => {
    const { emissions, ...rest } = line;
    if (!emissions) return rest;
    characters = emissions.characters;
    return { ...rest, emissions: thin(emissions) };
  });
  const { truth, page } = entry;
  const size = { width: page.width, height: page.height };
  return JSON.stringify({ truth, page: size, lines, ...(withDictionary ? { characters } : {}) } satisfies StoredEntry);
}

/** Entries of a file that `storeEntry` wrote. */
export async function* readCorpus(path: string): AsyncGenerator<CorpusEntry> {
  let characters: readonly string[] = [];
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const stored = JSON.parse(text) as StoredEntry;
    characters = stored.characters ?? characters;
    const lines = stored.lines.map((line): TextLine => {
      const { emissions, ...rest } = line;
      return emissions ? { ...rest, emissions: thicken(emissions, characters) } : rest;
    });
    yield { truth: stored.truth, page: stored.page, lines };
  }
}

function thin(emissions: Emissions): StoredEmissions {
  const columns = emissions.characters.length;
  const sparse: number[][] = [];
  for (let step = 0; step < emissions.steps; step += 1) {
    const row: number[] = [];
    for (let column = 0; column < columns; column += 1) {
      const value = Math.round((emissions.probabilities[step * columns + column] ?? 0) * SCALE);
      if (value > 0) row.push(column, value);
    }
    sparse.push(row);
  }
  return { steps: emissions.steps, sparse };
}

function thicken(stored: StoredEmissions, characters: readonly string[]): Emissions {
  const probabilities = new Float32Array(stored.steps * characters.length);
  for (const [step, row] of stored.sparse.entries()) {
    for (let index = 0; index + 1 < row.length; index += 2) {
      probabilities[step * characters.length + (row[index] ?? 0)] = (row[index + 1] ?? 0) / SCALE;
    }
  }
  return { characters, steps: stored.steps, probabilities };
}
