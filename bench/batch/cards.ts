import sharp from 'sharp';
import type { Strength } from '../../tools/make-cards/levels/level.ts';
import type { LevelName } from '../../tools/make-cards/levels.ts';
import { degrade } from '../../tools/make-cards/sample.ts';

/** What people hand in: mostly photos, some scans. */
const MIX: readonly (readonly [LevelName, Strength])[] = [
  ['photo', 'mild'],
  ['scan', 'mild'],
  ['photo', 'moderate'],
  ['turned', 'mild'],
];

/** Full-size drawn cards; the same seeds give the same bytes. */
export async function drawCards(count: number): Promise<Buffer[]> {
  const cards: Buffer[] = [];
  for (let seed = 0; seed < count; seed++) {
    const [level, strength] = MIX[seed % MIX.length] ?? ['photo', 'mild'];
    cards.push((await degrade(9_000 + seed, level, strength)).jpeg);
  }
  return cards;
}

/** Pictures of a few hundred bytes, which hold no card: what is measured with them is everything but reading. */
export async function drawSmall(count: number): Promise<Buffer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const background = { r: index % 256, g: 128, b: 90 };
      return sharp({ create: { width: 96, height: 60, channels: 3, background } })
        .jpeg()
        .toBuffer();
    }),
  );
}

/** The same picture with other bytes: what follows the end of a JPEG is not looked at. */
export function distinct(card: Buffer, index: number): Buffer {
  return Buffer.concat([card, Buffer.from(`#${index}`)]);
}
