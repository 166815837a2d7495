import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { STRENGTHS, type Strength } from './levels/level.ts';
import { LEVELS, type LevelName } from './levels.ts';
import { drawNegative, NEGATIVES, type NegativeName } from './negatives.ts';
import { degrade } from './sample.ts';

const program = new Command('make-cards')
  .description('Draws synthetic KTPs of invented people, with their truth as JSON beside each picture.')
  .addOption(
    new Option('--level <name>', 'how the picture is taken')
      .choices([...Object.keys(LEVELS), ...NEGATIVES])
      .default('photo'),
  )
  .addOption(new Option('--strength <name>').choices([...STRENGTHS]).default('moderate'))
  .option('--count <n>', 'number of cards', (text) => Number.parseInt(text, 10), 10)
  .option('--seed <n>', 'seed of the first card; the next ones count on', (text) => Number.parseInt(text, 10), 1)
  .option('--side <pixels>', 'save once more with at most this longer side', (text) => Number.parseInt(text, 10))
  .requiredOption('--out <folder>', 'where the pictures go')
  .parse();

const options = program.opts<{
  level: LevelName;
  strength: Strength;
  count: number;
  seed: number;
  side?: number;
  out: string;
}>();
const resave = options.side === undefined ? undefined : { side: options.side, quality: 80 };
const isNegative = (level: string): level is NegativeName => (NEGATIVES as readonly string[]).includes(level);

await mkdir(options.out, { recursive: true });
for (let seed = options.seed; seed < options.seed + options.count; seed++) {
  const { level, strength } = options;
  const { jpeg, truth } = isNegative(level)
    ? await drawNegative(seed, level, strength)
    : await degrade(seed, level, strength, resave);
  const name = join(options.out, `${options.level}-${options.strength}-${seed}`);
  await writeFile(`${name}.jpg`, jpeg);
  await writeFile(`${name}.json`, `${JSON.stringify(truth, null, 2)}\n`);
  console.log(`${name}.jpg`);
}
