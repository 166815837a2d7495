import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';
import { modelsFolder } from '../model-paths.ts';
import { cpuSeconds, peakMegabytes } from '../process-usage.ts';
import { judge } from './metrics.ts';
import { ourReader, startReader } from './readers.ts';

/**
 * What large pictures cost: draws a card into each, reads it in a process of its own that is warm from an ordinary card,
 * and prints a line of JSON each: fields right, seconds, processor seconds, and how many MB more than for the ordinary
 * card the process took at its peak. `large-pictures.ts [NAME...]`. Needs Linux (/proc).
 */
interface LargePicture {
  readonly width: number;
  readonly height: number;
  /** Width of the card, pixels. */
  readonly card: number;
  /** Where it lies, as shares of the sides. */
  readonly left: number;
  readonly top: number;
  readonly turn?: number;
}

const PICTURES: Readonly<Record<string, LargePicture>> = {
  '108-megapixels': { width: 12_000, height: 9_000, card: 7_000, left: 0.2, top: 0.25 },
  '108-megapixels-small-card': { width: 12_000, height: 9_000, card: 1_600, left: 0.55, top: 0.5 },
  panorama: { width: 15_000, height: 3_000, card: 1_500, left: 0.6, top: 0.4 },
  'selfie-of-50-megapixels': { width: 6_120, height: 8_160, card: 1_500, left: 0.1, top: 0.65, turn: 4 },
};
const SEED = 880_017;

/** A room out of focus with the card in it. */
async function draw({ card, height, left, top, turn, width }: LargePicture): Promise<{ jpeg: Buffer; truth: Truth }> {
  const { jpeg, truth } = await degrade(SEED, 'scan', 'mild');
  const sheet = sharp(jpeg).resize({ width: card });
  const turned = turn ? sheet.rotate(turn, { background: '#777' }) : sheet;
  const room = await sharp({
    create: {
      width: 24,
      height: 18,
      channels: 3,
      noise: { type: 'gaussian', mean: 130, sigma: 45 },
      background: '#777',
    },
  })
    .png()
    .toBuffer();
  const behind = await sharp(room).resize({ width, height, fit: 'fill', kernel: 'cubic' }).jpeg().toBuffer();
  const picture = await sharp(behind, { limitInputPixels: false })
    .composite([
      { input: await turned.png().toBuffer(), left: Math.round(left * width), top: Math.round(top * height) },
    ])
    .jpeg({ quality: 88 })
    .toBuffer();
  return { jpeg: picture, truth };
}

const folder = await mkdtemp(join(tmpdir(), 'ktpflow-large-'));
const wanted = process.argv.slice(2);
try {
  for (const [name, place] of Object.entries(PICTURES)) {
    if (wanted.length === 0 || wanted.includes(name)) console.log(JSON.stringify(await measure(name, place)));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(name: string, place: LargePicture): Promise<object> {
  const ordinary = join(folder, 'ordinary.jpg');
  await writeFile(ordinary, (await degrade(SEED, 'photo', 'mild')).jpeg);
  const { jpeg, truth } = await draw(place);
  const large = join(folder, `${name}.jpg`);
  await writeFile(large, jpeg);
  const reader = startReader(ourReader(await modelsFolder(), 2, 1));
  try {
    for (let warm = 0; warm < 3; warm++) await reader.ask({ id: 'ordinary', path: ordinary });
    const usual = peakMegabytes(reader.pid);
    const [started, used] = [performance.now(), cpuSeconds(reader.pid)];
    const { fields, refusal } = await reader.ask({ id: name, path: large });
    const seconds = (performance.now() - started) / 1000;
    const processor = cpuSeconds(reader.pid) - used;
    const right = FIELD_NAMES.filter((field) => fields && judge(field, truth, fields[field]) === 'right').length;
    return {
      name,
      megapixels: Math.round((place.width * place.height) / 1e6),
      megabytes: Number((jpeg.length / 1e6).toFixed(1)),
      right,
      ...(refusal && { refusal }),
      seconds: Number(seconds.toFixed(2)),
      processorSeconds: Number(processor.toFixed(2)),
      moreMb: Math.round(peakMegabytes(reader.pid) - usual),
    };
  } finally {
    reader.end();
  }
}
