import { type CameraSettings, expose } from './camera.ts';
import type { DrawnCard } from './draw-card.ts';
import { type Pair, type Pose, viewOf } from './homography.ts';
import { applyLamp } from './light.ts';
import { toLinear } from './optics.ts';
import type { Random } from './random.ts';
import type { Raster } from './raster.ts';
import type { Shot } from './shot.ts';
import { bilinear, paint, type Sampler } from './warp.ts';

export interface PhotoSettings {
  readonly pose: Pose;
  readonly lamp: { readonly exposure: number; readonly falloff: number; readonly warmth: number };
  readonly camera: CameraSettings;
  /** How the card's surface looks; the print itself by default, a screen's pixels for a photo of a screen. */
  readonly sampler?: Sampler;
  /** What lies on the card, before light falls on it (fingers). Display values. */
  readonly cover?: (shot: Shot) => void;
  /** What light does on the card (shadow, glare, sleeve). Linear light. */
  readonly illuminate?: (shot: Shot) => void;
}

/** The dark line and soft shade that a card of 0.8 mm casts on what it lies on. */
function groundShadow(shot: Shot, pose: Pose, random: Random): void {
  const { raster, card } = shot;
  const shift: Pair = [random.between(-0.008, 0.008) * pose.cardWidth, random.between(0.003, 0.01) * pose.cardWidth];
  const shadowPose = { ...pose, centre: [pose.centre[0] + shift[0], pose.centre[1] + shift[1]] as const };
  const { width, height } = card.picture;
  const margin = width * 0.012;
  const sampler: Sampler = (x, y, out) => {
    const outside = Math.max(-x, x - width, -y, y - height);
    out.fill(20);
    out[3] = 0.45 * Math.min(1, Math.max(0, 1 - outside / margin));
  };
  const view = viewOf(width + 2 * margin, height + 2 * margin, {
    ...shadowPose,
    cardWidth: pose.cardWidth * (1 + (2 * margin) / width),
  });
  paint(raster, width + 2 * margin, height + 2 * margin, view, (x, y, out) => sampler(x - margin, y - margin, out), 1);
}

/** Lays the card into the surroundings and photographs it. The surroundings are painted over. */
export function takePhoto(card: DrawnCard, surroundings: Raster, settings: PhotoSettings, random: Random): Shot {
  const { width, height } = card.picture;
  const shot: Shot = {
    raster: surroundings,
    card,
    view: viewOf(width, height, settings.pose),
    loss: new Float32Array(surroundings.width * surroundings.height),
  };
  groundShadow(shot, settings.pose, random.fork('ground'));
  paint(shot.raster, width, height, shot.view, settings.sampler ?? bilinear(card.picture));
  settings.cover?.(shot);
  toLinear(shot.raster);
  applyLamp(shot, settings.lamp, random.fork('lamp'));
  settings.illuminate?.(shot);
  expose(shot.raster, settings.camera, random.fork('camera'));
  return shot;
}
