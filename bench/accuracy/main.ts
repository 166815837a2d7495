import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { STRENGTHS, type Strength } from '../../tools/make-cards/levels/level.ts';
import { LEVELS } from '../../tools/make-cards/levels.ts';
import { NEGATIVES } from '../../tools/make-cards/negatives.ts';
import { modelsFolder } from '../model-paths.ts';
import { evaluate } from './evaluate.ts';
import { drawPictures, isLevel, isNegative, type PictureName } from './pictures.ts';
import { ourReader, RAPID_OCR_HINT, type ReaderCommand, rapidOcrReader, runReaders } from './readers.ts';
import { keepRecords } from './records.ts';
import { textReport, writeReports } from './report.ts';

/**
 * Draws a seeded set of cards and other pictures, lets readers read them by turns in one run, and prints
 * how right, how sure and how fast they were.
 */
const whole = (text: string): number => Number.parseInt(text, 10);
const options = new Command('accuracy')
  .option('--cards <n>', 'cards a level', whole, 20)
  .option('--negatives <n>', 'pictures of each kind that shows no KTP', whole, 4)
  .option('--levels <names>', 'comma-separated, each `level` or `level:strength`; default: all')
  .addOption(
    new Option('--strength <name>', 'for levels without one').choices([...STRENGTHS, 'all']).default('moderate'),
  )
  .option('--seed <n>', 'seed of the first card', whole, 1)
  .addOption(new Option('--peer <name>', 'read with it as well').choices(['rapidocr', 'none']).default('none'))
  .addOption(
    new Option('--strategy <name>', 'read with a model as well').choices(['ocr', 'vlm', 'hybrid']).default('ocr'),
  )
  .option(
    '--engine <names>',
    'comma-separated: a base URL, the folder of an export, scripted:right|wrong|silent|slow|loops',
  )
  .option('--budget <seconds>', 'what the model may delay a card by', whole, 20)
  .option('--threads <n>', 'threads of ours', whole, availableParallelism())
  .option('--at-once <n>', 'cards that ours is given at a time; default: one a thread', whole)
  .option('--models <folder>', 'where the PP-OCR models lie')
  .option('--crops <n>', 'pictures in the HTML page, a reader', whole, 150)
  .option('--records <file>', 'add what ours said of each field, and whether it was right, to this file')
  .option('--out <folder>', 'default: bench/results/accuracy')
  .parse()
  .opts<{
    cards: number;
    negatives: number;
    levels?: string;
    strength: Strength | 'all';
    seed: number;
    peer: 'rapidocr' | 'none';
    strategy: string;
    engine?: string;
    budget: number;
    threads: number;
    atOnce?: number;
    models?: string;
    crops: number;
    records?: string;
    out?: string;
  }>();

const atOnce = options.atOnce ?? options.threads;
const models = await modelsFolder(options.models);
const results = fileURLToPath(new URL('../results', import.meta.url));
const out = options.out ?? join(results, 'accuracy');

function pictureNames(): PictureName[] {
  const strengths = options.strength === 'all' ? STRENGTHS : [options.strength];
  const wanted = options.levels?.split(',') ?? [...Object.keys(LEVELS), ...NEGATIVES];
  return wanted.flatMap((entry, position) => {
    const [level = '', own] = entry.split(':');
    if (!isLevel(level) && !isNegative(level)) throw new RangeError(`there is no level ${level}`);
    const chosen = own === undefined ? strengths : STRENGTHS.filter((strength) => strength === own);
    const count = isLevel(level) ? options.cards : options.negatives;
    // Every level has cards of its own: what one of them gets wrong does not count at all of them.
    const first = options.seed + 1000 * position;
    return chosen.flatMap((strength) =>
      Array.from({ length: count }, (_, i) => ({ level, strength, seed: first + i })),
    );
  });
}

const progress = (what: string, of: number) => (done: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done}/${of}${done === of ? '\n' : ''}`);
};

const names = pictureNames();
await mkdir(out, { recursive: true });
const pictures = await drawPictures(names, join(results, 'pictures'), progress('drawing', names.length));

const readers: ReaderCommand[] = [ourReader(models, options.threads, atOnce)];
if (options.strategy !== 'ocr') {
  if (!options.engine) throw new Error('--strategy needs --engine');
  const { budget: budgetSeconds, strategy } = options;
  for (const engine of options.engine.split(',')) {
    readers.push(ourReader(models, options.threads, atOnce, { strategy, engine, budgetSeconds }));
  }
}
if (options.peer === 'rapidocr') {
  const peer = rapidOcrReader();
  if (peer === null) throw new Error(RAPID_OCR_HINT);
  readers.push(peer);
}
const runs = await runReaders(readers, pictures, (reader, done) => progress(reader, pictures.length)(done));
const evaluations = runs.map((run) => evaluate(run, pictures));
if (options.records) await keepRecords(options.records, pictures, (id) => runs[0]?.answers.get(id)?.fields ?? null);
const { cards, negatives, strength, seed, threads } = options;
await writeReports(
  out,
  evaluations,
  { cards, negatives, strength, seed, threads, levels: options.levels ?? 'all' },
  options.crops,
);
console.log(textReport(evaluations));
console.log(`\nThe worst readings as pictures: ${join(out, 'report.html')}`);
