import type { EdgeBox, Raster } from '../../media/raster.ts';
import { deblur } from '../../media/renderings/deblur.ts';
import { estimateBlur } from '../../media/renderings/estimate-blur.ts';

/** Noise against signal of a picture in good light: there more can be restored than where nothing is known of the noise. */
export const LITTLE_NOISE = 0.005;

/** A whole picture sharpened against the blur of the text in some boxes; null where its spectrum tells no kernel with this `leastFit`. */
export function sharpenPicture(raster: Raster, boxes: readonly EdgeBox[], leastFit: number): Raster | null {
  const blur = estimateBlur(raster, boxes);
  if (!blur || blur.fit < leastFit) return null;
  const whole = { left: 0, top: 0, right: raster.width, bottom: raster.height };
  return deblur(raster, { ...blur.kernel, noise: LITTLE_NOISE }, [whole]);
}
