import type { JpegPass } from '../camera.ts';
import { CARD_RATIO, type CardOptions, drawCard } from '../draw-card.ts';
import type { Pose } from '../homography.ts';
import type { Random } from '../random.ts';
import type { Raster, RgbaRaster } from '../raster.ts';
import { makeSurface, type SurfaceKind } from '../surfaces.ts';
import { type PhotoSettings, takePhoto } from '../take-photo.ts';
import type { Sampler } from '../warp.ts';
import type { LevelRequest, Rendered } from './level.ts';

/** What a level changes about an ordinary photo. */
export interface PhotoPlan {
  readonly frame: readonly [width: number, height: number];
  readonly pose: Pose;
  readonly lamp: PhotoSettings['lamp'];
  readonly camera: PhotoSettings['camera'];
  readonly passes: readonly JpegPass[];
  readonly card?: CardOptions;
  readonly surface?: SurfaceKind;
  readonly surroundings?: (frame: readonly [number, number], pose: Pose, random: Random) => Promise<Raster> | Raster;
  /** Turns the card into what a screen shows of it. */
  readonly screen?: (picture: RgbaRaster) => Sampler;
  readonly cover?: PhotoSettings['cover'];
  readonly illuminate?: PhotoSettings['illuminate'];
}

const FRAMES: readonly (readonly [number, number])[] = [
  [1600, 1200],
  [1440, 1080],
  [1280, 960],
  [1920, 1080],
  [1200, 1600],
  [1080, 1440],
];

/** An ordinary photo with a phone: in focus, by day, nearly upright; each level worsens one thing about it. */
export function ordinaryPhoto(random: Random): PhotoPlan {
  const frame = random.pick(FRAMES);
  const cardWidth = Math.min(frame[0] * random.between(0.66, 0.92), frame[1] * 0.9 * CARD_RATIO);
  return {
    frame,
    pose: {
      centre: [
        frame[0] / 2 + random.between(-0.4, 0.4) * (frame[0] * 0.97 - cardWidth),
        frame[1] / 2 + random.between(-0.3, 0.3) * (frame[1] * 0.95 - cardWidth / CARD_RATIO),
      ],
      cardWidth,
      roll: random.between(-2.5, 2.5),
      pitch: random.between(-5, 5),
      yaw: random.between(-5, 5),
      distance: random.between(2.2, 4),
    },
    lamp: {
      exposure: random.between(0.75, 1.1),
      falloff: random.between(0.05, 0.35),
      warmth: random.between(-0.06, 0.14),
    },
    camera: {
      defocus: random.between(0, 0.6),
      motion: [0, 0],
      noise: random.between(0.02, 0.12),
      sharpening: random.between(0, 0.6),
    },
    passes: [{ quality: random.integer(78, 93) }],
  };
}

/** How much finer than the picture the card is drawn, so that the camera has something to average. */
const OVERSAMPLING = 1.5;

export async function render(request: LevelRequest, plan: PhotoPlan): Promise<Rendered> {
  const { random } = request;
  const width = Math.min(2000, Math.max(760, plan.pose.cardWidth * OVERSAMPLING));
  const card = await drawCard(request.seed, { width, ...plan.card });
  const surroundings =
    plan.surroundings === undefined
      ? makeSurface(plan.frame[0], plan.frame[1], random.fork('surface'), plan.surface)
      : await plan.surroundings(plan.frame, plan.pose, random.fork('surroundings'));
  const sampler = plan.screen?.(card.picture);
  const { pose, lamp, camera, cover, illuminate } = plan;
  const settings: PhotoSettings = {
    pose,
    lamp,
    camera,
    ...(sampler === undefined ? {} : { sampler }),
    ...(cover === undefined ? {} : { cover }),
    ...(illuminate === undefined ? {} : { illuminate }),
  };
  return { shot: takePhoto(card, surroundings, settings, random.fork('photo')), passes: plan.passes };
}

/** On a desk, upright, in daylight. */
export async function photo(request: LevelRequest): Promise<Rendered> {
  return render(request, ordinaryPhoto(request.random));
}
