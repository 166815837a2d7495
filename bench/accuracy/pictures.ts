import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Strength } from '../../tools/make-cards/levels/level.ts';
import { LEVELS, type LevelName } from '../../tools/make-cards/levels.ts';
import { drawNegative, NEGATIVES, type NegativeName } from '../../tools/make-cards/negatives.ts';
import { degrade } from '../../tools/make-cards/sample.ts';
import type { NegativeTruth, Truth } from '../../tools/make-cards/truth.ts';

/** Name of one picture: what it shows, how bad it is, and which card. */
export interface PictureName {
  readonly level: LevelName | NegativeName;
  readonly strength: Strength;
  readonly seed: number;
}

export interface Picture extends PictureName {
  readonly id: string;
  readonly path: string;
  readonly truth: Truth | NegativeTruth;
}

export const isNegative = (level: string): level is NegativeName => (NEGATIVES as readonly string[]).includes(level);
export const isLevel = (level: string): level is LevelName => Object.hasOwn(LEVELS, level);

const GENERATOR = fileURLToPath(new URL('../../tools/make-cards', import.meta.url));

/** Hash of the generator's sources: pictures of another version of it are drawn anew. */
async function generatorVersion(): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(GENERATOR, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  for (const file of files) hash.update(await readFile(join(GENERATOR, file)));
  return hash.digest('hex').slice(0, 12);
}

async function draw(name: PictureName): Promise<{ jpeg: Buffer; truth: Truth | NegativeTruth }> {
  const { level, strength, seed } = name;
  return isNegative(level) ? drawNegative(seed, level, strength) : degrade(seed, level, strength);
}

/** Draws pictures into `folder`, or takes those that an earlier run of the same generator left there. */
export async function drawPictures(
  names: readonly PictureName[],
  folder: string,
  onDrawn: (done: number) => void,
): Promise<Picture[]> {
  const home = join(folder, await generatorVersion());
  await mkdir(home, { recursive: true });
  const pictures: Picture[] = [];
  for (const name of names) {
    const id = `${name.level}-${name.strength}-${name.seed}`;
    const path = join(home, `${id}.jpg`);
    let truth: Truth | NegativeTruth;
    try {
      truth = JSON.parse(await readFile(join(home, `${id}.json`), 'utf8'));
    } catch {
      const drawn = await draw(name);
      truth = drawn.truth;
      // The truth is written last and whole: an interrupted run leaves no half picture that counts as drawn.
      await writeFile(path, drawn.jpeg);
      await writeFile(join(home, `${id}.json.part`), JSON.stringify(truth));
      await rename(join(home, `${id}.json.part`), join(home, `${id}.json`));
    }
    pictures.push({ ...name, id, path, truth });
    onDrawn(pictures.length);
  }
  return pictures;
}
