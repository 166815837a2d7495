import { CARD_RATIO, drawCard } from '../draw-card.ts';
import { viewOf } from '../homography.ts';
import { addSensorNoise, blurGaussian, sharpen, toDisplay, toLinear } from '../optics.ts';
import { createRaster } from '../raster.ts';
import type { Shot } from '../shot.ts';
import { bilinear, paint } from '../warp.ts';
import { byStrength, type LevelRequest, type Rendered } from './level.ts';

/** A flatbed scan, cut to the card: 300, 220 or 170 dots an inch, slightly askew. */
export async function scan(request: LevelRequest): Promise<Rendered> {
  const { random, strength } = request;
  const cardWidth = byStrength(strength, [1012, 740, 570]);
  const card = await drawCard(request.seed, { width: cardWidth * 1.5 });
  const margin = random.between(0.004, 0.05) * cardWidth;
  const [width, height] = [Math.round(cardWidth + 2 * margin), Math.round(cardWidth / CARD_RATIO + 2 * margin)];
  const raster = createRaster(width, height, [
    random.integer(238, 252),
    random.integer(238, 252),
    random.integer(236, 250),
  ]);
  const shot: Shot = {
    raster,
    card,
    view: viewOf(card.picture.width, card.picture.height, {
      centre: [width / 2, height / 2],
      cardWidth,
      roll: random.between(-0.5, 0.5) * byStrength(strength, [1, 2, 4]),
      pitch: 0,
      yaw: 0,
      distance: 50,
    }),
    loss: new Float32Array(width * height),
  };
  paint(raster, card.picture.width, card.picture.height, shot.view, bilinear(card.picture));
  toLinear(raster);
  blurGaussian(raster, 0.5);
  addSensorNoise(raster, { shot: 0.012, read: 0.001, chroma: 0.1 }, random.fork('sensor'));
  toDisplay(raster);
  sharpen(raster, random.between(0, 0.5));
  return { shot, passes: [{ quality: byStrength(strength, [92, 85, 72]) }] };
}
