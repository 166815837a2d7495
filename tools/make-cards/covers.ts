import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { type Pair, project } from './homography.ts';
import type { Random } from './random.ts';
import type { Shot } from './shot.ts';

/** Draws on top of the picture with the canvas; what it covers is lost to the reader. */
function paintOver(shot: Shot, draw: (context: SKRSContext2D) => void): void {
  const { width, height, data } = shot.raster;
  const context = createCanvas(width, height).getContext('2d');
  draw(context);
  const pixels = context.getImageData(0, 0, width, height).data;
  for (let i = 0, j = 0, k = 0; k < shot.loss.length; i += 4, j += 3, k++) {
    const alpha = (pixels[i + 3] as number) / 255;
    if (alpha === 0) continue;
    data[j] = (1 - alpha) * (data[j] as number) + alpha * (pixels[i] as number);
    data[j + 1] = (1 - alpha) * (data[j + 1] as number) + alpha * (pixels[i + 1] as number);
    data[j + 2] = (1 - alpha) * (data[j + 2] as number) + alpha * (pixels[i + 2] as number);
    shot.loss[k] = Math.max(shot.loss[k] as number, alpha);
  }
}

const SKINS = ['#b98a68', '#a06f4c', '#d3a582', '#7d5238', '#c69474'];

/** A finger from `from` to `tip`, `thickness` pixels wide, shaded round, with a nail. */
function drawFinger(context: SKRSContext2D, from: Pair, tip: Pair, thickness: number, skin: string): void {
  context.lineCap = 'round';
  const layers: ReadonlyArray<readonly [width: number, colour: string]> = [
    [1, 'rgba(40,20,10,0.35)'],
    [0.97, skin],
    [0.6, 'rgba(255,225,200,0.12)'],
    [0.35, 'rgba(255,225,200,0.14)'],
  ];
  for (const [share, colour] of layers) {
    context.strokeStyle = colour;
    context.lineWidth = thickness * share;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(tip[0], tip[1]);
    context.stroke();
  }
  context.save();
  context.translate(tip[0], tip[1]);
  context.rotate(Math.atan2(tip[1] - from[1], tip[0] - from[0]));
  context.fillStyle = 'rgba(244,214,200,0.8)';
  context.beginPath();
  context.ellipse(thickness * 0.18, 0, thickness * 0.26, thickness * 0.29, 0, 0, 7);
  context.fill();
  context.restore();
}

/** Where fingers hold a card: start outside, tip inside, in fractions of the card. */
export interface Grip {
  readonly from: Pair;
  readonly tip: Pair;
  /** Thickness in card widths. */
  readonly thickness: number;
}

/** Puts fingers on the card. */
export function coverWithFingers(shot: Shot, grips: readonly Grip[], random: Random): void {
  const { width, height } = shot.card.picture;
  const skin = random.pick(SKINS);
  const [x0] = project(shot.view, 0, height / 2);
  const [x1, y1] = project(shot.view, width, height / 2);
  const [, y0] = project(shot.view, 0, height / 2);
  const scale = Math.hypot(x1 - x0, y1 - y0);
  paintOver(shot, (context) => {
    for (const grip of grips) {
      const from = project(shot.view, grip.from[0] * width, grip.from[1] * height);
      const tip = project(shot.view, grip.tip[0] * width, grip.tip[1] * height);
      drawFinger(context, from, tip, grip.thickness * scale, skin);
    }
  });
}

/** A thumb and a finger at the short edges, clear of the print. */
export function holdAtEdges(random: Random): Grip[] {
  const y = random.between(0.3, 0.7);
  return [
    { from: [-0.45, y + 0.5], tip: [-0.01, y], thickness: random.between(0.13, 0.17) },
    { from: [1.4, y + 0.6], tip: [1.01, y + 0.1], thickness: random.between(0.14, 0.18) },
  ];
}

/** A finger that lies on print: `depth` is how far it reaches into the card, in card heights. */
export function fingerOnPrint(depth: number, random: Random): Grip {
  const thickness = random.between(0.11, 0.16);
  switch (random.integer(0, 2)) {
    case 0: {
      const x = random.between(0.1, 0.65);
      return { from: [x + random.between(-0.2, 0.2), 1.7], tip: [x, 1 - depth], thickness };
    }
    case 1: {
      const y = random.between(0.35, 0.85);
      return { from: [-0.5, y + random.between(0, 0.5)], tip: [0.1 + depth * 0.4, y], thickness };
    }
    default: {
      const x = random.between(0.2, 0.8);
      return { from: [x + random.between(-0.2, 0.2), -0.7], tip: [x, depth * 0.5], thickness };
    }
  }
}
