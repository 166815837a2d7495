import { addSensorNoise, blurDisc, blurGaussian, blurMotion, sharpen, toDisplay } from './optics.ts';
import type { Random } from './random.ts';
import { decode, encodeJpeg, type Raster, resizeTo } from './raster.ts';

export interface CameraSettings {
  /** Radius in pixels of the circle of confusion. */
  readonly defocus: number;
  /** Pixels of movement, and its direction in degrees. */
  readonly motion: readonly [length: number, angle: number];
  /** 0 daylight to 1 night. */
  readonly noise: number;
  readonly sharpening: number;
}

/** Lens, sensor and processing: takes linear light in place and leaves display values. */
export function expose(raster: Raster, settings: CameraSettings, random: Random): void {
  blurGaussian(raster, 0.45);
  blurDisc(raster, settings.defocus);
  blurMotion(raster, settings.motion[0], settings.motion[1]);
  const noise = { shot: 0.012 + 0.09 * settings.noise, read: 0.0008 + 0.012 * settings.noise, chroma: 0.35 };
  addSensorNoise(raster, noise, random.fork('sensor'));
  // Phones smooth noise away, and fine print with it.
  blurGaussian(raster, 0.35 + 0.5 * settings.noise);
  toDisplay(raster);
  sharpen(raster, settings.sharpening);
}

/** One saving of the picture: scaled to at most `side` pixels on its longer side, then JPEG. */
export interface JpegPass {
  readonly side?: number;
  readonly quality: number;
}

/** Saves once or, as messengers do on every forward, several times. */
export async function saveJpeg(raster: Raster, passes: readonly JpegPass[]): Promise<{ bytes: Buffer; scale: number }> {
  let current = raster;
  let bytes: Buffer | undefined;
  for (const pass of passes) {
    if (bytes !== undefined) current = await decode(bytes);
    const longest = Math.max(current.width, current.height);
    if (pass.side !== undefined && longest > pass.side) {
      current = await resizeTo(current, (current.width * pass.side) / longest);
    }
    bytes = await encodeJpeg(current, { quality: pass.quality });
  }
  if (bytes === undefined) throw new RangeError('at least one JPEG pass is needed');
  return { bytes, scale: current.width / raster.width };
}
