import type { RgbaRaster } from '../raster.ts';
import { bilinear, type Sampler } from '../warp.ts';
import { byStrength, type Level } from './level.ts';
import { ordinaryPhoto, render } from './photo.ts';

/**
 * A screen that shows the card: every pixel is a red, a green and a blue stripe with dark gaps. The camera's own
 * grid beats with it, which is what moiré is; nothing else is added.
 */
function screenSampler(picture: RgbaRaster, pixels: number, gap: number): Sampler {
  const source = bilinear(picture);
  const pitch = picture.width / pixels;
  return (x, y, out) => {
    const u = x / pitch;
    const v = y / pitch;
    const column = Math.floor(u);
    const row = Math.floor(v);
    source((column + 0.5) * pitch, (row + 0.5) * pitch, out);
    const across = (u - column) * 3;
    const stripe = Math.floor(across);
    const dim = across - stripe < gap || v - row < gap ? 0.35 : 1;
    for (let channel = 0; channel < 3; channel++) {
      const lit = channel === stripe ? 1.5 : 0.62;
      out[channel] = Math.min(255, (out[channel] as number) * lit * dim * 1.1);
    }
  };
}

/** Photographed from a screen. */
export const screen: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const pixels = plan.pose.cardWidth * byStrength(strength, [1.25, 0.92, 0.68]) * random.between(0.95, 1.05);
  return render(request, {
    ...plan,
    pose: { ...plan.pose, roll: random.between(-4, 4) },
    screen: (picture) => screenSampler(picture, Math.round(pixels), byStrength(strength, [0.1, 0.16, 0.2])),
    surface: 'plain',
  });
};
