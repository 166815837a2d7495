import { coverWithFingers, fingerOnPrint, holdAtEdges } from '../covers.ts';
import { CARD_RATIO, drawCard } from '../draw-card.ts';
import { addGlare, addSleeve, castShadow } from '../light.ts';
import type { Random } from '../random.ts';
import { fieldQuad, type Shot } from '../shot.ts';
import { clutteredDesk, deskWithCards, otherCard, personAtArmsLength } from '../surroundings.ts';
import { byStrength, type Level } from './level.ts';
import { ordinaryPhoto, type PhotoPlan, render } from './photo.ts';

/** Fits the frame around the card with room to spare, for cards that stand askew. */
function withRoom(plan: PhotoPlan, random: Random): PhotoPlan {
  const side = plan.pose.cardWidth * random.between(1.15, 1.4);
  const frame = [Math.round(side), Math.round(side)] as const;
  return { ...plan, frame, pose: { ...plan.pose, centre: [side / 2, side / 2] } };
}

/** Seen from the side or from below, close by. */
export const tilt: Level = async (request) => {
  const { random, strength } = request;
  const plan = withRoom(ordinaryPhoto(random), random);
  const most = byStrength(strength, [14, 24, 36]);
  const pose = {
    ...plan.pose,
    roll: random.sign() * random.between(0.2, 0.8) * byStrength(strength, [10, 18, 30]),
    pitch: random.sign() * random.between(0.4, 1) * most,
    yaw: random.sign() * random.between(0.4, 1) * most,
    distance: byStrength(strength, [2.6, 2.1, 1.7]),
  };
  return render(request, { ...plan, pose });
};

/** Held at 90, 180 or 270 degrees. */
export const turned: Level = async (request) => {
  const { random, strength } = request;
  const plan = withRoom(ordinaryPhoto(random), random);
  const roll = random.pick([90, 180, 270]) + random.between(-1, 1) * byStrength(strength, [2, 6, 14]);
  return render(request, { ...plan, pose: { ...plan.pose, roll } });
};

/** The card only 640, 480 or 400 pixels wide. */
export const small: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const cardWidth = byStrength(strength, [640, 480, 400]);
  const shrink = cardWidth / plan.pose.cardWidth;
  const frame = [Math.round(plan.frame[0] * shrink), Math.round(plan.frame[1] * shrink)] as const;
  const centre = [plan.pose.centre[0] * shrink, plan.pose.centre[1] * shrink] as const;
  const camera = { ...plan.camera, defocus: plan.camera.defocus * 0.5 };
  return render(request, { ...plan, frame, pose: { ...plan.pose, cardWidth, centre }, camera });
};

export const defocus: Level = async (request) => {
  const plan = ordinaryPhoto(request.random);
  // In heights of the print: what counts is the blur against the letters.
  const radius = (plan.pose.cardWidth / 1012) * byStrength(request.strength, [1.6, 2.6, 4.2, 4.8]);
  return render(request, { ...plan, camera: { ...plan.camera, defocus: radius } });
};

export const motion: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const length = (plan.pose.cardWidth / 1012) * byStrength(strength, [4, 7, 11, 13]) * random.between(0.8, 1.15);
  return render(request, { ...plan, camera: { ...plan.camera, motion: [length, random.between(0, 180)] } });
};

/** In a dim room, with the noise that a phone leaves. */
export const dark: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const lamp = {
    exposure: byStrength(strength, [0.3, 0.16, 0.08]) * random.between(0.8, 1.2),
    falloff: random.between(0.2, 0.6),
    warmth: random.between(0, 0.3),
  };
  const camera = { ...plan.camera, noise: byStrength(strength, [0.2, 0.35, 0.5]), defocus: plan.camera.defocus + 0.3 };
  return render(request, { ...plan, lamp, camera });
};

export const shadow: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const depth = byStrength(strength, [0.45, 0.65, 0.82, 0.88]);
  const { centre, cardWidth } = plan.pose;
  return render(request, {
    ...plan,
    illuminate: (shot) => {
      const edges = random.integer(1, 2);
      for (let i = 0; i < edges; i++) {
        const at = [
          centre[0] + random.between(-0.35, 0.35) * cardWidth,
          centre[1] + (random.between(-0.25, 0.25) * cardWidth) / CARD_RATIO,
        ] as const;
        castShadow(
          shot,
          { centre: at, depth, softness: cardWidth * random.between(0.004, 0.03) },
          random.fork(`edge-${i}`),
        );
      }
    },
  });
};

const GLARE_TARGETS = [
  'nik',
  'nama',
  'tgl_lahir',
  'alamat',
  'kecamatan',
  'agama',
  'pekerjaan',
  'berlaku_hingga',
] as const;

function glareOnField(shot: Shot, peak: number, size: number, random: Random): void {
  const quad = fieldQuad(shot, random.pick(GLARE_TARGETS));
  const along = random.between(0, 1);
  const [a, b, c] = quad as [readonly [number, number], readonly [number, number], readonly [number, number]];
  const centre = [
    a[0] + along * (b[0] - a[0]) + (c[0] - b[0]) / 2,
    a[1] + along * (b[1] - a[1]) + (c[1] - b[1]) / 2,
  ] as const;
  addGlare(shot, { centre, radii: [size, size * random.between(0.25, 0.8)], angle: random.between(0, 180), peak });
}

/** The reflection of a lamp or window on a field: mild ones can be read through, strong ones cannot. */
export const glare: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const { cardWidth } = plan.pose;
  return render(request, {
    ...plan,
    lamp: { ...plan.lamp, exposure: plan.lamp.exposure * 0.85 },
    illuminate: (shot) => {
      const spots = byStrength(strength, [1, 1, 2]);
      for (let i = 0; i < spots; i++) {
        const peak = byStrength(strength, [0.42, 0.9, 1.6]) * random.between(0.85, 1.1);
        const size = cardWidth * random.between(0.6, 1) * byStrength(strength, [0.11, 0.1, 0.13]);
        glareOnField(shot, peak, size, random.fork(`spot-${i}`));
      }
    },
  });
};

export const sleeve: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const power = byStrength(strength, [0.35, 0.6, 0.95]);
  const { centre, cardWidth } = plan.pose;
  return render(request, {
    ...plan,
    camera: { ...plan.camera, defocus: plan.camera.defocus + byStrength(strength, [0.2, 0.5, 0.8]) },
    illuminate: (shot) => addSleeve(shot, { centre, size: cardWidth, strength: power }, random.fork('sleeve')),
  });
};

/** A messenger scales the picture down and saves it hard; every forward does it again. */
export const recompressed: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const passes = byStrength(strength, [
    [{ quality: 88 }, { side: 1280, quality: 62 }],
    [{ quality: 85 }, { side: 1200, quality: 45 }, { side: 1100, quality: 48 }],
    [{ quality: 80 }, { side: 1000, quality: 34 }, { side: 880, quality: 30 }, { side: 800, quality: 32 }],
  ]);
  return render(request, { ...plan, passes });
};

/** A finger on the print, or the picture's edge through the card. */
export const occluded: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const depth = byStrength(strength, [0.08, 0.2, 0.4]);
  if (random.chance(0.6)) {
    return render(request, {
      ...plan,
      cover: (shot) => coverWithFingers(shot, [fingerOnPrint(depth, random.fork('finger'))], random.fork('skin')),
    });
  }
  const { pose, frame } = plan;
  const cut = byStrength(strength, [0.05, 0.14, 0.28]);
  const height = pose.cardWidth / CARD_RATIO;
  const centre = random.pick([
    [frame[0] - pose.cardWidth * (0.5 - cut), pose.centre[1]] as const,
    [pose.cardWidth * (0.5 - cut), pose.centre[1]] as const,
    [pose.centre[0], frame[1] - height * (0.5 - cut)] as const,
    [pose.centre[0], height * (0.5 - cut)] as const,
  ]);
  return render(request, { ...plan, pose: { ...pose, centre } });
};

export const worn: Level = async (request) => {
  const plan = ordinaryPhoto(request.random);
  return render(request, { ...plan, card: { wear: byStrength(request.strength, [0.3, 0.55, 0.85, 1]) } });
};

export const clutter: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  // Farther away, so that there is room for the other papers.
  const pose = { ...plan.pose, cardWidth: plan.pose.cardWidth * byStrength(strength, [0.85, 0.72, 0.6]) };
  const centre = [
    plan.frame[0] / 2 + random.between(-0.5, 0.5) * (plan.frame[0] - pose.cardWidth) * 0.9,
    plan.frame[1] / 2 + random.between(-0.4, 0.4) * Math.max(0, plan.frame[1] - pose.cardWidth / CARD_RATIO) * 0.9,
  ] as const;
  const papers = byStrength(strength, [1, 3, 6]);
  return render(request, {
    ...plan,
    pose: { ...pose, centre },
    surroundings: (frame, placed, own) => clutteredDesk(frame, placed, papers, own),
  });
};

/** Beside a bank card, beside two other cards, or above another (smaller, farther) KTP. */
export const several: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const cardWidth = byStrength(strength, [760, 720, 760]);
  const frame = byStrength<readonly [number, number]>(strength, [
    [1080, 1300],
    [1100, 1620],
    [1080, 1200],
  ]);
  const centre = [frame[0] / 2, frame[1] * byStrength(strength, [0.3, 0.5, 0.32])] as const;
  return render(request, {
    ...plan,
    frame,
    pose: { ...plan.pose, cardWidth, centre },
    surroundings: async (size, pose, own) => {
      const others = byStrength(strength, [1, 2, 0]);
      const cards = Array.from({ length: others }, (_, i) => otherCard(cardWidth * 1.3, own.fork(`other-${i}`)));
      if (strength === 'mild' || strength === 'moderate') return deskWithCards(size, pose, cards, 1, own);
      const second = await drawCard(`${request.seed}/second`, { width: 900, kind: 'citizen' });
      return deskWithCards(size, pose, [second.picture], 0.62, own);
    },
  });
};

/** Held up beside the face: the card takes a third of the picture's width. */
export const selfie: Level = async (request) => {
  const { random, strength } = request;
  const plan = ordinaryPhoto(random);
  const width = byStrength(strength, [2700, 2000, 1350]);
  const frame = [width, Math.round(width * random.pick([4 / 3, 16 / 9, 3 / 4]))] as const;
  const cardWidth = (width / 3) * random.between(0.96, 1.15);
  const pose = {
    ...plan.pose,
    cardWidth,
    centre: [frame[0] * random.between(0.3, 0.7), frame[1] * random.between(0.62, 0.74)] as const,
    roll: random.between(-8, 8),
    pitch: random.between(-12, 12),
    yaw: random.between(-12, 12),
  };
  return render(request, {
    ...plan,
    frame,
    pose,
    surroundings: (size, _pose, own) => personAtArmsLength(size, own),
    cover: (shot) => coverWithFingers(shot, holdAtEdges(random.fork('hand')), random.fork('skin')),
  });
};
