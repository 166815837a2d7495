import { Command } from 'commander';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { likenessOf, readKtp } from '../../src/ktp/read-ktp.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';
import { type CorpusEntry, readCorpus } from './corpus.ts';
import { isRight } from './truth.ts';

/** Reads a corpus of lines (see collect.ts) with the parser and prints how right it is, level by level. */
const options = new Command('evaluate')
  .argument('<files...>', 'NDJSON files that collect.ts wrote')
  .option('--show', 'print every field that is wrong')
  .parse();
const show = options.opts<{ show?: boolean }>().show === true;

interface Tally {
  cards: number;
  whole: number;
  nik: number;
  fields: number;
  right: number;
  sure: number;
  surelyWrong: number;
  refused: number;
}

const tallies = new Map<string, Tally>();
const wrongByField = new Map<string, number>();
const reliability = Array.from({ length: 10 }, () => ({ said: 0, right: 0, count: 0 }));
const negatives = new Map<string, { count: number; accepted: number; highest: number }>();
let lowest = 1;
let milliseconds = 0;
let cards = 0;

for (const file of options.args) for await (const entry of readCorpus(file)) score(entry);
report();

interface CardEntry extends CorpusEntry {
  readonly truth: Truth;
}

function score(entry: CorpusEntry): void {
  const { truth } = entry;
  if (truth.document === 'ktp') scoreCard({ ...entry, truth });
  else scoreNegative(entry, truth.level);
}

function scoreNegative(entry: CorpusEntry, kind: string): void {
  const { likelihood } = likenessOf(entry.lines);
  const tally = negatives.get(kind) ?? { count: 0, accepted: 0, highest: 0 };
  negatives.set(kind, tally);
  tally.count += 1;
  if (likelihood >= 0.5) tally.accepted += 1;
  tally.highest = Math.max(tally.highest, likelihood);
}

function scoreCard(entry: CardEntry): void {
  const { truth } = entry;
  const key = `${truth.level}:${truth.strength}`;
  const tally = tallies.get(key) ?? {
    cards: 0,
    whole: 0,
    nik: 0,
    fields: 0,
    right: 0,
    sure: 0,
    surelyWrong: 0,
    refused: 0,
  };
  tallies.set(key, tally);
  const started = performance.now();
  const reading = readKtp(entry.lines, entry.page);
  milliseconds += performance.now() - started;
  cards += 1;
  tally.cards += 1;
  if (reading.likelihood < 0.5) tally.refused += 1;
  lowest = Math.min(lowest, reading.likelihood);
  let whole = true;
  for (const name of FIELD_NAMES) {
    const read = reading.fields[name];
    // What is refused as no KTP answers nothing.
    const field = reading.likelihood < 0.5 ? { ...read, value: null, confidence: 0 } : read;
    const right = isRight(truth, name, field.value);
    tally.fields += 1;
    if (right) tally.right += 1;
    else whole = false;
    if (name === 'nik' && right) tally.nik += 1;
    if (field.value !== null) {
      const bin = reliability[Math.min(9, Math.floor(field.confidence * 10))];
      if (bin) {
        bin.count += 1;
        bin.said += field.confidence;
        if (right) bin.right += 1;
      }
    }
    if (field.confidence >= 0.9) {
      tally.sure += 1;
      if (!right) tally.surelyWrong += 1;
    }
    if (right) continue;
    wrongByField.set(name, (wrongByField.get(name) ?? 0) + 1);
    if (show) {
      const wanted = truth.hidden.includes(name) ? '(hidden)' : JSON.stringify(truth.fields[name]);
      const got = `${JSON.stringify(field.value)} raw ${JSON.stringify(field.raw)} ${field.confidence}`;
      console.log(`${key} ${truth.seed} ${name}: want ${wanted} got ${got} ${field.warnings.join(' ')}`);
    }
  }
  if (whole) tally.whole += 1;
}

function report(): void {
  const percent = (part: number, whole: number): string => ((100 * part) / Math.max(1, whole)).toFixed(2).padStart(7);
  console.log(`${'level'.padEnd(24)} cards  fields%  whole%    nik%  sure%  wrong-sure%  refused`);
  const total: Tally = { cards: 0, whole: 0, nik: 0, fields: 0, right: 0, sure: 0, surelyWrong: 0, refused: 0 };
  const row = (name: string, tally: Tally): void => {
    const { cards: count, fields, right, whole, nik, sure, surelyWrong, refused } = tally;
    const columns = [percent(right, fields), percent(whole, count), percent(nik, count), percent(sure, fields)];
    console.log(
      `${name.padEnd(24)} ${String(count).padStart(5)} ${columns.join(' ')} ${percent(surelyWrong, fields)} ${refused}`,
    );
  };
  for (const [name, tally] of tallies) {
    row(name, tally);
    for (const property of Object.keys(total) as (keyof Tally)[]) total[property] += tally[property];
  }
  row('all', total);
  console.log(
    [...wrongByField]
      .sort((first, second) => second[1] - first[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  );
  for (const [index, bin] of reliability.entries()) {
    if (bin.count === 0) continue;
    console.log(
      `said ${index / 10}-${(index + 1) / 10}: ${bin.count} fields, mean ${(bin.said / bin.count).toFixed(3)}, right ${(bin.right / bin.count).toFixed(3)}`,
    );
  }
  for (const [kind, { count, accepted, highest }] of negatives) {
    console.log(`not a KTP, ${kind}: ${accepted} of ${count} accepted, likelihood up to ${highest.toFixed(3)}`);
  }
  console.log(`likelihood of cards from ${lowest.toFixed(3)}`);
  console.log(`${(milliseconds / Math.max(1, cards)).toFixed(1)} ms a card`);
}
