import type { RgbaRaster } from '../raster.ts';
import { bilinear, type Sampler } from '../warp.ts';
import { byStrength, type Level } from './level.ts';
import { ordinaryPhoto, render } from './photo.ts';

/** A card that has been in a back pocket: bent along its length, so that rows run in a bow and one side lies in shade. */
function bentSampler(picture: RgbaRaster, bow: number, shade: number): Sampler {
  const source = bilinear(picture);
  const { width, height } = picture;
  return (x, y, out) => {
    const across = (2 * x) / width - 1;
    // The edges stay where they are, so that the values' places are known to a row's height.
    source(x, y + bow * height * (across * across - 0.5) * Math.sin((Math.PI * y) / height), out);
    const light = 1 - shade * Math.max(0, across);
    for (let channel = 0; channel < 3; channel++) out[channel] = (out[channel] as number) * light;
  };
}

export const bent: Level = async (request) => {
  const { random, strength } = request;
  const bow = random.sign() * byStrength(strength, [0.015, 0.03, 0.045, 0.055]);
  const shade = byStrength(strength, [0.1, 0.2, 0.3, 0.4]);
  return render(request, {
    ...ordinaryPhoto(random),
    screen: (picture) => bentSampler(picture, bow, shade),
  });
};

/** Photographed from far above or below: rows converge. */
export const keystone: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const pose = {
    ...plan.pose,
    pitch: random.sign() * byStrength(strength, [18, 28, 38, 44]),
    distance: byStrength(strength, [2.4, 2, 1.7, 1.6]),
    cardWidth: plan.pose.cardWidth * 0.8,
  };
  return render(request, { ...plan, pose: { ...pose, centre: [plan.frame[0] / 2, plan.frame[1] / 2] } });
};
