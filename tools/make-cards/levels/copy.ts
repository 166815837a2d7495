import { CARD_RATIO, drawCard } from '../draw-card.ts';
import { viewOf } from '../homography.ts';
import { gaussianSource, noiseField } from '../noise-field.ts';
import { blurGaussian } from '../optics.ts';
import type { Random } from '../random.ts';
import { createRaster, type Raster } from '../raster.ts';
import type { Shot } from '../shot.ts';
import { bilinear, paint } from '../warp.ts';
import { byStrength, type Level, type LevelRequest } from './level.ts';

/** The card somewhere on a white sheet of `width` x `height` pixels. */
async function onSheet(
  request: LevelRequest,
  sheet: readonly [width: number, height: number],
  cardWidth: number,
  roll: number,
): Promise<Shot> {
  const { random } = request;
  const [width, height] = sheet;
  const card = await drawCard(request.seed, { width: Math.min(1800, Math.max(900, cardWidth * 1.5)) });
  const raster = createRaster(width, height, [247, 247, 246]);
  const room = [Math.max(0, width - cardWidth * 1.06), Math.max(0, height - (cardWidth / CARD_RATIO) * 1.1)] as const;
  const shot: Shot = {
    raster,
    card,
    view: viewOf(card.picture.width, card.picture.height, {
      centre: [width / 2 + random.between(-0.5, 0.5) * room[0], height / 2 + random.between(-0.5, 0.5) * room[1]],
      cardWidth,
      roll,
      pitch: 0,
      yaw: 0,
      distance: 60,
    }),
    loss: new Float32Array(width * height),
  };
  paint(raster, card.picture.width, card.picture.height, shot.view, bilinear(card.picture));
  return shot;
}

/** Copier optics and toner: grey, steep, with streaks and specks. `steepness` 1 is grey, 12 black and white. */
function copy(raster: Raster, options: { steepness: number; threshold: number; dirt: number }, random: Random): void {
  const { width, data } = raster;
  blurGaussian(raster, random.between(0.5, 0.8));
  const gaussian = gaussianSource(random.fork('toner'));
  const streaks = noiseField(random.fork('streaks'), 3);
  const density = noiseField(random.fork('density'), 2);
  for (let i = 0, x = 0, y = 0; i < data.length; i += 3) {
    const grey = 0.299 * (data[i] as number) + 0.587 * (data[i + 1] as number) + 0.114 * (data[i + 2] as number);
    const uneven = 14 * options.dirt * (streaks(x / 6, 3) + density(x / 300, y / 300));
    const noisy = grey + uneven + gaussian() * 5 * options.dirt;
    const toned = 255 / (1 + Math.exp((-options.steepness * 4 * (noisy - options.threshold)) / 255));
    const speck = gaussian() > 3.4 ? -160 * options.dirt : 0;
    const value = toned + speck;
    data[i] = value;
    data[i + 1] = value;
    data[i + 2] = value;
    if (++x === width) {
      x = 0;
      y++;
    }
  }
  blurGaussian(raster, 0.4);
}

/** A grey photocopy, scanned. */
export const copyGrey: Level = async (request) => {
  const { random, strength } = request;
  const cardWidth = byStrength(strength, [1000, 820, 660]);
  const sheet = [
    Math.round(cardWidth * random.between(1.1, 1.5)),
    Math.round(cardWidth * random.between(0.75, 1.1)),
  ] as const;
  const shot = await onSheet(request, sheet, cardWidth, random.between(-2.5, 2.5));
  const dirt = byStrength(strength, [0.5, 1, 1.6]);
  copy(
    shot.raster,
    { steepness: byStrength(strength, [1.1, 1.6, 2.2]), threshold: random.between(100, 185), dirt },
    random,
  );
  return { shot, passes: [{ quality: byStrength(strength, [88, 78, 62]) }] };
};

/** A photocopy in black and white: the pattern of the background turns to dirt between the letters. */
export const copyBlackWhite: Level = async (request) => {
  const { random, strength } = request;
  const cardWidth = byStrength(strength, [1000, 900, 760]);
  const sheet = [
    Math.round(cardWidth * random.between(1.1, 1.5)),
    Math.round(cardWidth * random.between(0.75, 1.1)),
  ] as const;
  const shot = await onSheet(request, sheet, cardWidth, random.between(-2, 2));
  const threshold = byStrength(strength, [
    random.between(120, 140),
    random.between(120, 160),
    random.pick([random.between(95, 115), random.between(150, 182)]),
  ]);
  copy(
    shot.raster,
    { steepness: byStrength(strength, [5, 9, 14]), threshold, dirt: byStrength(strength, [0.4, 0.8, 1.2]) },
    random,
  );
  return { shot, passes: [{ quality: byStrength(strength, [88, 80, 68]) }] };
};

/** Sent by fax: 204 dots an inch, black or white; coarser rows in the standard mode, enlarged again at the other end. */
export const fax: Level = async (request) => {
  const { random, strength } = request;
  const cardWidth = 3.37 * 204 * byStrength(strength, [1.6, 1.4, 1.2, 1]);
  const sheet = [Math.round(cardWidth * 1.2), Math.round(cardWidth * random.between(0.8, 1.1))] as const;
  const shot = await onSheet(request, sheet, cardWidth, random.between(-1.5, 1.5));
  copy(shot.raster, { steepness: 9, threshold: random.between(125, 150), dirt: 0.3 }, random);
  const { data } = shot.raster;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) < 128 ? 0 : 255;
  return { shot, passes: [{ quality: 85 }] };
};

/** On an A4 page that went into the scanner upside down, at 250, 200 or 150 dots an inch. */
export const a4: Level = async (request) => {
  const { random, strength } = request;
  const dots = byStrength(strength, [250, 200, 150]);
  const sheet = [Math.round(8.27 * dots), Math.round(11.69 * dots)] as const;
  const shot = await onSheet(request, sheet, 3.37 * dots, 180 + random.between(-2, 2));
  const gaussian = gaussianSource(random.fork('scanner'));
  for (let i = 0; i < shot.raster.data.length; i++) {
    shot.raster.data[i] = (shot.raster.data[i] as number) + 1.6 * gaussian();
  }
  blurGaussian(shot.raster, 0.5);
  return { shot, passes: [{ quality: byStrength(strength, [90, 82, 75]) }] };
};
