import type { SKRSContext2D } from '@napi-rs/canvas';
import { SANS_BOLD } from './fonts.ts';
import type { Sex } from './names.ts';
import type { Random } from './random.ts';

type Box = readonly [x: number, y: number, width: number, height: number];

const SKINS = ['#c99a76', '#b58463', '#dbb492', '#8a5c42', '#a8744f'];
const CLOTHES = ['#27364f', '#f2f2ee', '#6a2f2f', '#3d5540', '#58506a', '#1f1f22'];

/** The photo: an invented silhouette without a face, stamped SPESIMEN. */
export function drawPortrait(context: SKRSContext2D, box: Box, sex: Sex, random: Random): void {
  const [x, y, width, height] = box;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  // Odd years of birth got red, even ones blue; here it is chance.
  context.fillStyle = random.chance(0.5) ? '#b3252b' : '#2456a5';
  context.fillRect(x, y, width, height);
  const centre = x + width * random.between(0.46, 0.54);
  const head = width * random.between(0.2, 0.24);
  const headY = y + height * random.between(0.36, 0.42);
  context.fillStyle = sex === 'female' && random.chance(0.6) ? random.pick(CLOTHES) : '#1a1414';
  context.beginPath();
  context.ellipse(centre, headY - head * 0.1, head * 1.25, head * (sex === 'female' ? 1.75 : 1.4), 0, 0, 7);
  context.fill();
  context.fillStyle = random.pick(CLOTHES);
  context.beginPath();
  context.ellipse(centre, y + height * 1.05, width * 0.46, height * 0.38, 0, 0, 7);
  context.fill();
  context.fillStyle = random.pick(SKINS);
  context.beginPath();
  context.ellipse(centre, headY + head * 0.12, head, head * 1.3, 0, 0, 7);
  context.fill();
  context.fillRect(centre - head * 0.4, headY + head, head * 0.8, head * 0.7);
  context.fillStyle = 'rgba(255,255,255,0.8)';
  context.font = `${Math.round(width * 0.15)}px ${SANS_BOLD}`;
  context.textAlign = 'center';
  context.strokeStyle = 'rgba(40,40,50,0.7)';
  context.lineWidth = width * 0.018;
  context.strokeText('SPESIMEN', x + width / 2, y + height * 0.94);
  context.fillText('SPESIMEN', x + width / 2, y + height * 0.94);
  context.restore();
}

/** A signature: one nervous line. */
export function drawSignature(context: SKRSContext2D, box: Box, random: Random): void {
  const [x, y, width, height] = box;
  context.save();
  context.strokeStyle = 'rgba(18,20,40,0.85)';
  context.lineWidth = height * 0.05;
  context.lineJoin = 'round';
  context.beginPath();
  context.moveTo(x, y + height * 0.6);
  const strokes = random.integer(4, 8);
  for (let i = 1; i <= strokes; i++) {
    const to = x + (width * i) / strokes;
    context.bezierCurveTo(
      to - width * random.between(0, 0.3),
      y + height * random.between(-0.1, 1.1),
      to + width * random.between(-0.2, 0.1),
      y + height * random.between(0, 1),
      to,
      y + height * random.between(0.3, 0.8),
    );
  }
  context.stroke();
  context.restore();
}
