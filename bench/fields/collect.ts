import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Command } from 'commander';
import { findCard } from '../../src/inference/card-reader/find-card.ts';
import { createPpOcr } from '../../src/inference/ppocr/ppocr.ts';
import { decodeImage } from '../../src/media/decode.ts';
import type { Strength } from '../../tools/make-cards/levels/level.ts';
import type { LevelName } from '../../tools/make-cards/levels.ts';
import { drawNegative, type NegativeName } from '../../tools/make-cards/negatives.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import type { NegativeTruth, Truth } from '../../tools/make-cards/truth.ts';
import { modelPathsIn } from '../model-paths.ts';
import { storeEntry } from './corpus.ts';
import { drawOtherPrinting } from './other-printing.ts';

/**
 * Draws cards, reads their lines with PP-OCR and writes both down, so that `evaluate.ts` can try the parser on them
 * again and again without drawing or reading anew.
 */
const options = new Command('collect')
  .requiredOption('--models <folder>', 'where PP-OCRv6_det_small.onnx and PP-OCRv6_rec_small.onnx lie')
  .requiredOption('--out <file>', 'NDJSON')
  .option(
    '--levels <names>',
    'comma-separated, each `level`, `level:strength` `other` (a second printing) or `not-sim` and the like',
    'scan:moderate,photo:moderate',
  )
  .option('--count <n>', 'cards a level', '20')
  .option('--seed <n>', 'first seed', '1000')
  .parse()
  .opts<{ models: string; out: string; levels: string; count: string; seed: string }>();

const ocr = await createPpOcr(modelPathsIn(options.models));
const out = createWriteStream(options.out);
let written = 0;
for (const name of options.levels.split(',')) {
  const [level = 'photo', strength = 'moderate'] = name.split(':');
  for (let index = 0; index < Number(options.count); index += 1) {
    const seed = Number(options.seed) + index;
    const { jpeg, truth } = await draw(level, strength as Strength, seed);
    const reading = (await findCard(ocr, await decodeImage(jpeg)))?.card;
    const entry = { truth, page: reading?.page ?? { width: 1, height: 1 }, lines: reading?.lines ?? [] };
    out.write(`${storeEntry(entry, written === 0)}\n`);
    written += 1;
  }
}

function draw(
  level: string,
  strength: Strength,
  seed: number,
): Promise<{ jpeg: Buffer; truth: Truth | NegativeTruth }> {
  if (level === 'other') return drawOtherPrinting(seed);
  if (level.startsWith('not-')) return drawNegative(seed, level.slice(4) as NegativeName, strength);
  return degrade(seed, level as LevelName, strength);
}

out.end();
await once(out, 'finish');
await ocr.close();
console.log(`${written} pictures`);
