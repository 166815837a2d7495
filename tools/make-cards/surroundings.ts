import { CARD_RATIO } from './draw-card.ts';
import { type Pose, viewOf } from './homography.ts';
import { blurGaussian } from './optics.ts';
import { drawOtherDocument, OTHER_DOCUMENTS, type OtherDocument } from './other-documents.ts';
import type { Random } from './random.ts';
import { createRaster, drawRaster, type Raster, type RgbaRaster } from './raster.ts';
import { makeSurface } from './surfaces.ts';
import { bilinear, paint } from './warp.ts';

type Frame = readonly [width: number, height: number];

/** Lays a paper or card into the picture. */
function layDown(
  raster: Raster,
  object: RgbaRaster,
  centre: readonly [number, number],
  width: number,
  roll: number,
): void {
  const view = viewOf(object.width, object.height, { centre, cardWidth: width, roll, pitch: 0, yaw: 0, distance: 20 });
  paint(raster, object.width, object.height, view, bilinear(object));
}

/** A desk full of papers with text of their own, some of it under and beside the card. */
export function clutteredDesk(frame: Frame, pose: Pose, papers: number, random: Random): Raster {
  const raster = makeSurface(frame[0], frame[1], random.fork('surface'));
  for (let i = 0; i < papers; i++) {
    const paper = random.fork(`paper-${i}`);
    const kind = paper.pick<OtherDocument>(['letter', 'receipt', 'letter', 'name-card']);
    const width = pose.cardWidth * (kind === 'letter' ? paper.between(1.2, 2.2) : paper.between(0.6, 1));
    const angle = paper.between(0, 2 * Math.PI);
    const reach = pose.cardWidth * paper.between(0.3, 0.9);
    const centre = [pose.centre[0] + Math.cos(angle) * reach, pose.centre[1] + Math.sin(angle) * reach] as const;
    layDown(raster, drawOtherDocument(kind, Math.min(1600, width * 1.3), paper), centre, width, paper.between(-40, 40));
  }
  return raster;
}

/** A desk with other cards below and above the one to read, `scale` times its size. */
export async function deskWithCards(
  frame: Frame,
  pose: Pose,
  cards: readonly RgbaRaster[],
  scale: number,
  random: Random,
): Promise<Raster> {
  const raster = makeSurface(frame[0], frame[1], random.fork('surface'));
  cards.forEach((card, i) => {
    const width = pose.cardWidth * scale * random.between(0.92, 1);
    const apart = (pose.cardWidth + width) / CARD_RATIO / 2 + pose.cardWidth * random.between(0.05, 0.1);
    const below = apart * (i % 2 === 0 ? 1 : -1);
    const centre = [pose.centre[0] + pose.cardWidth * random.between(-0.1, 0.1), pose.centre[1] + below] as const;
    layDown(raster, card, centre, width, pose.roll + random.between(-6, 6));
  });
  return raster;
}

/** Another card than a KTP, for the same desk. */
export function otherCard(width: number, random: Random): RgbaRaster {
  const kinds = OTHER_DOCUMENTS.filter((kind) => kind !== 'receipt' && kind !== 'letter');
  return drawOtherDocument(random.pick(kinds), width, random);
}

const WALLS = ['#cfd3d1', '#b8c4cf', '#e5dccb', '#8fa39a', '#75706c'];
const SKINS = ['#b98a68', '#a06f4c', '#d3a582', '#7d5238'];
const SHIRTS = ['#2d3b55', '#e9e7e2', '#742f33', '#3c5a46', '#1e1e22', '#b0883a'];

/** A person before a wall, out of focus behind the card: an invented shape without a face. */
export function personAtArmsLength(frame: Frame, random: Random): Raster {
  const [width, height] = frame;
  const scale = 4;
  const small = drawRaster(Math.ceil(width / scale), Math.ceil(height / scale), (context) => {
    const [w, h] = [width / scale, height / scale];
    context.fillStyle = random.pick(WALLS);
    context.fillRect(0, 0, w, h);
    for (let i = 0; i < 4; i++) {
      context.fillStyle = `hsla(${random.integer(0, 360)},20%,${random.integer(25, 80)}%,0.6)`;
      context.fillRect(
        random.between(0, w),
        random.between(0, h * 0.6),
        w * random.between(0.1, 0.35),
        h * random.between(0.05, 0.4),
      );
    }
    const centre = w * random.between(0.4, 0.6);
    const head = Math.min(w, h) * random.between(0.15, 0.19);
    context.fillStyle = random.pick(SHIRTS);
    context.beginPath();
    context.ellipse(centre, h * 0.98, head * 2.3, h * 0.45, 0, 0, 7);
    context.fill();
    context.fillStyle = '#191412';
    context.beginPath();
    context.ellipse(centre, h * 0.27, head * 1.12, head * 1.45, 0, 0, 7);
    context.fill();
    context.fillStyle = random.pick(SKINS);
    context.beginPath();
    context.ellipse(centre, h * 0.3, head * 0.92, head * 1.25, 0, 0, 7);
    context.fill();
    context.fillRect(centre - head * 0.35, h * 0.3 + head, head * 0.7, head * 0.8);
  });
  blurGaussian(small, 3);
  const large = createRaster(width, height);
  const view = viewOf(small.width, small.height, {
    centre: [width / 2, height / 2],
    cardWidth: small.width * scale,
    roll: 0,
    pitch: 0,
    yaw: 0,
    distance: 1000,
  });
  const alpha = new Float32Array(small.width * small.height).fill(1);
  paint(large, small.width, small.height, view, bilinear({ ...small, alpha }), 1);
  return large;
}
