/**
 * How good the rules are by which a reading of OCR and a model's answer are put together, for models from the best to the
 * worst: `npx tsx bench/accuracy/hybrid-rules.ts --readings FILE [--seed N] [--cards N] [--strength NAME] [--seconds N]`.
 * Every card is read by OCR once and kept in FILE; a call takes up where the last one ended. Then the answers of played
 * models are replayed over these readings, and servers that do not answer in time over `--timed` cards, budget 1 s.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import { finishByModel } from '../../src/inference/model-reader/model-reader.ts';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { askedFields, chooseQuestions } from '../../src/ktp/vlm/choose-questions.ts';
import { reconcile } from '../../src/ktp/vlm/reconcile.ts';
import { STRENGTHS, type Strength } from '../../tools/make-cards/levels/level.ts';
import { LEVELS, type LevelName } from '../../tools/make-cards/levels.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';
import { modelPathsIn, modelsFolder } from '../model-paths.ts';
import { addCard, emptyTally, figures, judge, SURE, type Tally } from './metrics.ts';
import { drawPictures } from './pictures.ts';
import { dieOf, PLAYED, type Play } from './played-models.ts';
import { scriptedEngine } from './scripted-engine.ts';

const whole = (text: string): number => Number.parseInt(text, 10);
const options = new Command('hybrid-rules')
  .requiredOption('--readings <file>', 'JSON lines: what was read before is taken from there, the rest added')
  .option('--cards <n>', 'cards a level', whole, 2)
  .addOption(new Option('--strength <name>').choices(STRENGTHS).default('severe'))
  .option('--seed <n>', 'seed of the first card', whole, 700_000)
  .option('--seconds <n>', 'stop reading after', whole, 100_000)
  .option('--throws <n>', 'of models that throw dice', whole, 12)
  .option('--timed <n>', 'cards with doubtful fields that servers without an answer get', whole, 24)
  .parse()
  .opts<{
    readings: string;
    cards: number;
    strength: Strength;
    seed: number;
    seconds: number;
    throws: number;
    timed: number;
  }>();

/** A card with what OCR has read of it; null: refused. */
interface Read {
  readonly id: string;
  readonly truth: Truth;
  readonly result: KtpResult | null;
  readonly quarterTurns: number;
}

const results = fileURLToPath(new URL('../results/pictures', import.meta.url));
/** The picture of a card, drawn where it is not there yet. */
async function pictureOf(level: LevelName, seed: number) {
  const [picture] = await drawPictures([{ level, strength: options.strength, seed }], results, () => undefined);
  if (!picture) throw new RangeError('no picture was drawn');
  return picture;
}

const wanted = Array.from({ length: options.cards }, (_, card) => card).flatMap((card) =>
  (Object.keys(LEVELS) as LevelName[]).map((level, position) => ({
    level,
    seed: options.seed + 1000 * position + card,
  })),
);
const idOf = ({ level, seed }: { level: LevelName; seed: number }): string => `${level}-${options.strength}-${seed}`;

async function readings(): Promise<Read[]> {
  const kept = await readFile(options.readings, 'utf8').catch(() => '');
  const before = kept.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Read]));
  const missing = wanted.filter((card) => before.every(({ id }) => id !== idOf(card)));
  if (missing.length === 0) return before;
  const pool = createCardReaderPool({
    modelPaths: modelPathsIn(await modelsFolder()),
    threads: 1,
  });
  const until = performance.now() + 1000 * options.seconds;
  for (const card of missing) {
    if (performance.now() > until) break;
    const { id, path, truth } = await pictureOf(card.level, card.seed);
    const reading = await pool.read(await readFile(path)).catch(() => null);
    const { quarterTurns = 0, result = null } = reading ?? {};
    const read: Read = { id, truth: truth as Truth, result, quarterTurns };
    before.push(read);
    await appendFile(options.readings, `${JSON.stringify(read)}\n`);
  }
  await pool.close();
  return before;
}

/** A reading with the answer of a played model. */
function withAnswer({ id, result, truth }: Read, { say }: Play, turn: number): KtpResult['fields'] | null {
  if (!result) return null;
  const questions = chooseQuestions(result, { thorough: true });
  const { controls, doubtful } = questions;
  if (doubtful.length === 0) return result.fields;
  const answer = askedFields(questions).map((name) => {
    const value = truth.hidden.includes(name) ? null : truth.printed[name];
    return [name, say(value, controls.includes(name), dieOf(`${turn}${name}${id}`))];
  });
  return reconcile(result, Object.fromEntries(answer), questions, true).fields;
}

/** Fields that OCR had right and was sure of, and that are not right any more. */
function lostFields({ result, truth }: Read, fields: KtpResult['fields'] | null): number {
  if (!result || !fields) return 0;
  return FIELD_NAMES.filter((name) => {
    const before = result.fields[name];
    if (before.confidence < SURE || judge(name, truth, before) !== 'right') return false;
    return judge(name, truth, fields[name]) !== 'right';
  }).length;
}

const percent = (share: number): string => (100 * share).toFixed(1).padStart(5);
function show(name: string, tally: Tally, more: string): void {
  const { fields, surelyWrong, wholeCards } = figures(tally);
  console.log(
    `${name.padEnd(52)} whole ${percent(wholeCards)}  fields ${percent(fields)}  sure and wrong ${percent(surelyWrong)}  ${more}`,
  );
}

const read = await readings();
const ocr = emptyTally();
for (const { result, truth } of read) addCard(ocr, truth, result?.fields ?? null);
show(`OCR alone, ${read.length} cards, ${ocr.refused} refused`, ocr, '');
for (const [name, play] of Object.entries(PLAYED)) {
  const tally = emptyTally();
  let lost = 0;
  for (let turn = 0; turn < (play.dice ? options.throws : 1); turn++) {
    for (const card of read) {
      const fields = withAnswer(card, play, turn);
      addCard(tally, card.truth, fields);
      lost += lostFields(card, fields);
    }
  }
  show(name, tally, `lost ${lost}`);
}

const BUDGET_MS = 1000;
const timed = wanted
  .flatMap((card) => {
    const found = read.find(({ id, result }) => id === idOf(card) && result !== null);
    return found?.result && chooseQuestions(found.result, { thorough: true }).doubtful.length > 0
      ? [{ ...card, ...found, result: found.result }]
      : [];
  })
  .slice(0, options.timed);
for (const script of ['silent', 'slow', 'loops'] as const) {
  let longest = 0;
  let changed = 0;
  for (const { level, quarterTurns, result, seed } of timed) {
    const { path } = await pictureOf(level, seed);
    const model = { engine: await scriptedEngine(script, path), isTrusted: () => true, budgetMs: BUDGET_MS };
    const image = await readFile(path);
    const { signal } = new AbortController();
    const started = performance.now();
    const finished = await finishByModel(model, { result, image, quarterTurns, strategy: 'hybrid', signal });
    longest = Math.max(longest, performance.now() - started);
    if (JSON.stringify(finished.result.fields) !== JSON.stringify(result.fields)) changed++;
  }
  console.log(`${script}: ${timed.length} cards, ${changed} changed, ${(longest / 1000).toFixed(3)} s at most`);
}
