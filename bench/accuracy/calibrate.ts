import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { confidenceOf } from '../../src/ktp/confidence.ts';
import { NO_EVIDENCE, type Reading } from '../../src/ktp/reading.ts';
import { FIELD_NAMES, type FieldName } from '../../src/ktp/schema.ts';
import { STRENGTHS } from '../../tools/make-cards/levels/level.ts';
import { LEVELS } from '../../tools/make-cards/levels.ts';
import { fitIsotonic, toKnots } from './isotonic.ts';
import { judge } from './metrics.ts';
import { drawPictures, isLevel, type PictureName } from './pictures.ts';
import { ourReader, runReader } from './readers.ts';

/**
 * Fits the confidence to what was right on training cards, which the bench never draws, and prints the table for
 * src/ktp/confidence.ts with the reliability of each field.
 */
const whole = (text: string): number => Number.parseInt(text, 10);
const options = new Command('calibrate')
  .option('--cards <n>', 'cards a level and strength', whole, 5)
  .option('--levels <names>', 'comma-separated; default: all')
  .option('--seed <n>', 'seed of the first card, far from those of the bench', whole, 5_000_000)
  .option('--threads <n>', 'cards that are read at once', whole, availableParallelism())
  .option('--models <folder>', 'where the PP-OCR models lie')
  .parse()
  .opts<{ cards: number; levels?: string; seed: number; threads: number; models?: string }>();

const cache = process.env.KTPFLOW_CACHE || join(homedir(), '.cache', 'ktpflow');
const models = options.models ?? process.env.KTPFLOW_MODELS_DIR ?? join(cache, 'models');

/** The confidence in use, score by score: by its inverse an answer's confidence tells its score again. */
const CURVE = Array.from({ length: 2001 }, (_, i) => {
  const score = i / 2000;
  const evidence = { ...NO_EVIDENCE, meanCharacter: score, leastCharacter: score, labelQuality: 1 };
  const reading: Reading = { value: 'X', raw: 'X', spans: [], source: 'ocr', warnings: [], evidence };
  return { score, confidence: confidenceOf('nama', reading) };
});

function scoreOf(confidence: number): number {
  const same = CURVE.filter((point) => Math.abs(point.confidence - confidence) < 0.0006);
  const nearest = [...CURVE].sort((a, b) => Math.abs(a.confidence - confidence) - Math.abs(b.confidence - confidence));
  if (same.length === 0) return nearest[0]?.score ?? 0;
  return same.reduce((sum, point) => sum + point.score, 0) / same.length;
}

const levels = (options.levels?.split(',') ?? Object.keys(LEVELS)).filter(isLevel);
const names: PictureName[] = levels.flatMap((level, position) =>
  STRENGTHS.flatMap((strength, step) =>
    Array.from({ length: options.cards }, (_, i) => ({
      level,
      strength,
      seed: options.seed + 10_000 * position + 1000 * step + i,
    })),
  ),
);
const folder = fileURLToPath(new URL('../results/pictures', import.meta.url));
const pictures = await drawPictures(names, folder, () => undefined);
const run = await runReader(ourReader(models, options.threads), pictures, () => undefined);

const answers: Array<{ field: FieldName; confidence: number; score: number; right: boolean }> = [];
for (const picture of pictures) {
  const fields = run.answers.get(picture.id)?.fields;
  if (!fields || picture.truth.document !== 'ktp') continue;
  for (const field of FIELD_NAMES) {
    const read = fields[field];
    if (!read?.value || read.confidence === null) continue;
    const right = judge(field, picture.truth, read) === 'right';
    answers.push({ field, confidence: read.confidence, score: scoreOf(read.confidence), right });
  }
}

console.log(`${answers.length} answers of ${pictures.length} pictures\n`);
console.log('field               answers  right %  said >= 0.9  of these right %');
for (const field of FIELD_NAMES) {
  const own = answers.filter((answer) => answer.field === field);
  const sure = own.filter((answer) => answer.confidence >= 0.9);
  const share = (list: typeof own): string =>
    ((100 * list.filter((answer) => answer.right).length) / Math.max(1, list.length)).toFixed(2);
  const cells = [String(own.length).padStart(7), share(own).padStart(7), String(sure.length).padStart(11)];
  console.log(`${field.padEnd(18)}  ${cells.join('  ')}  ${share(sure).padStart(16)}`);
}
const steps = fitIsotonic(answers, Math.max(20, Math.round(answers.length / 60)));
console.log('\nscore            answers  right');
for (const step of steps) {
  console.log(
    `${step.from.toFixed(3)}-${step.to.toFixed(3)}  ${String(step.count).padStart(9)}  ${step.rate.toFixed(4)}`,
  );
}
console.log('\nCALIBRATION for src/ktp/confidence.ts:');
for (const [score, confidence] of toKnots(steps)) console.log(`  [${score}, ${confidence}],`);
