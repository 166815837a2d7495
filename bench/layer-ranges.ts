import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readCard } from '../src/inference/card-reader/read-card.ts';
import { LINE_HEIGHT, type LineBatch } from '../src/inference/ppocr/line-batches.ts';
import { createPpOcr } from '../src/inference/ppocr/ppocr.ts';
import { concatBytes, editMessage, encodeBytesField } from '../src/inference/ppocr/protobuf.ts';
import { valuesOfLayer } from '../src/inference/ppocr/quantise.ts';
import { RECOGNISER_LAYERS } from '../src/inference/ppocr/recogniser-layers.ts';
import { LEVELS, type LevelName } from '../tools/make-cards/levels.ts';
import { drawPictures, isLevel } from './accuracy/pictures.ts';
import { modelPathsIn, modelsFolder } from './model-paths.ts';

/**
 * Measures the table of src/inference/ppocr/recogniser-layers.ts: what values its layers take, as floats, on lines of
 * drawn cards: `npx tsx bench/layer-ranges.ts [CARDS_A_LEVEL] [LEVELS]`. A layer per line: least and greatest value that goes in,
 * and comes out, but for SHARE of them.
 */
const SHARE = 0.0002;
/** One value of so many is looked at. */
const STRIDE = 11;

const cards = Number(process.argv[2] ?? 1);
const levels = process.argv[3]?.split(',').filter(isLevel) ?? (Object.keys(LEVELS) as LevelName[]);
const paths = modelPathsIn(await modelsFolder());
const batches: LineBatch[] = [];
const helpers = {
  count: 1,
  idle: 1,
  // Half of the lines are offered to others: noted, and left to the reader.
  run: async (offered: readonly LineBatch[]) => {
    batches.push(...offered.map((batch) => ({ ...batch, pixels: batch.pixels.slice() })));
    return null;
  },
};
const ocr = await createPpOcr({ ...paths, helpers });
const names = levels.flatMap((level, place) =>
  Array.from({ length: cards }, (_, card) => ({
    level,
    strength: card % 2 === 0 ? ('moderate' as const) : ('severe' as const),
    seed: 90_000 + 1000 * place + card,
  })),
);
const folder = join(import.meta.dirname, 'results', 'pictures');
for (const { path } of await drawPictures(names, folder, () => undefined)) {
  // A refused picture has lines, too.
  await readCard(ocr, await readFile(path)).catch(() => undefined);
}
await ocr.close();

const model = await readFile(paths.recognitionModelPath);
const layers = RECOGNISER_LAYERS.map(({ weights }) => ({ weights, ...valuesOfLayer(model, weights) }));
const values = [...new Set(layers.flatMap(({ input, output }) => [input, output]))];
const session = await InferenceSession.create(withOutputs(model, values), { logSeverityLevel: 3 });
const ranges = new Map(values.map((name) => [name, { least: 0, most: 0 }]));
for (const { count, pixels, width } of batches) {
  const input = new Tensor('float32', pixels, [count, 3, LINE_HEIGHT, width]);
  const answers = await session.run({ [session.inputNames[0] ?? 'x']: input }, values);
  for (const [name, range] of ranges) {
    const data = answers[name]?.data;
    if (!(data instanceof Float32Array)) throw new RangeError(`${name} is no value of floats`);
    const sample = data.filter((_, at) => at % STRIDE === 0).sort();
    range.least = Math.min(range.least, sample[Math.floor(SHARE * sample.length)] ?? 0);
    range.most = Math.max(range.most, sample[Math.ceil((1 - SHARE) * sample.length) - 1] ?? 0);
  }
}
const shown = (name: string): string => {
  const { least = 0, most = 0 } = ranges.get(name) ?? {};
  return `${least.toFixed(2)}..${most.toFixed(2)}`;
};
for (const { input, output, weights } of layers) console.log(`${weights}: in ${shown(input)}, out ${shown(output)}`);
await session.release();

/** The model with inner values as outputs of their own. */
function withOutputs(bytes: Uint8Array, inner: readonly string[]): Uint8Array {
  const outputs = inner.map((name) => encodeBytesField(12, encodeBytesField(1, new TextEncoder().encode(name))));
  return editMessage(bytes, ({ number, payload }) =>
    number === 7 ? encodeBytesField(7, concatBytes([payload, ...outputs])) : undefined,
  );
}
