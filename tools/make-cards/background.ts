import type { SKRSContext2D } from '@napi-rs/canvas';
import { SANS_BOLD } from './fonts.ts';
import type { CardKind } from './identity.ts';
import type { Random } from './random.ts';

const hsl = (hue: number, saturation: number, lightness: number, alpha = 1): string =>
  `hsla(${hue.toFixed(1)}, ${saturation.toFixed(1)}%, ${lightness.toFixed(1)}%, ${alpha.toFixed(3)})`;

/**
 * An abstract background of our own in the card's usual colours: a gradient, soft blots, and fine wavy lines like
 * those of security printing, which disturb thin text.
 */
export function drawBackground(
  context: SKRSContext2D,
  width: number,
  height: number,
  kind: CardKind,
  random: Random,
): void {
  const hue = kind === 'foreigner' ? random.between(22, 34) : random.between(188, 214);
  const saturation = kind === 'foreigner' ? random.between(60, 85) : random.between(35, 70);
  const lightness = random.between(78, 88);
  const gradient = context.createLinearGradient(0, 0, width, height * random.between(0.3, 1));
  gradient.addColorStop(0, hsl(hue, saturation, lightness));
  gradient.addColorStop(0.5, hsl(hue + random.between(-12, 12), saturation - 8, Math.min(94, lightness + 6)));
  gradient.addColorStop(1, hsl(hue + random.between(-18, 18), saturation, lightness - random.between(0, 6)));
  context.fillStyle = gradient;
  context.fillRect(0, 0, width, height);
  drawBlots(context, width, height, hue, random);
  drawWaves(context, width, height, hue, random);
  drawFaintMark(context, width, height, hue, random);
}

function drawBlots(context: SKRSContext2D, width: number, height: number, hue: number, random: Random): void {
  for (let i = 0; i < 7; i++) {
    const x = random.between(0, width);
    const y = random.between(0, height);
    const radius = width * random.between(0.08, 0.3);
    const blot = context.createRadialGradient(x, y, 0, x, y, radius);
    blot.addColorStop(0, hsl(hue + random.between(-30, 30), 50, random.between(68, 92), random.between(0.15, 0.45)));
    blot.addColorStop(1, hsl(hue, 50, 90, 0));
    context.fillStyle = blot;
    context.fillRect(0, 0, width, height);
  }
}

function drawWaves(context: SKRSContext2D, width: number, height: number, hue: number, random: Random): void {
  const families = random.integer(1, 3);
  const ink = random.between(0.06, 0.3);
  for (let family = 0; family < families; family++) {
    context.lineWidth = (width / 1012) * random.between(0.6, 1.2);
    context.strokeStyle = hsl(hue + random.between(-25, 60), 45, random.between(45, 65), ink);
    const spacing = height * random.between(0.012, 0.03);
    const amplitude = height * random.between(0.01, 0.06);
    const length = width * random.between(0.1, 0.5);
    const slope = random.between(-0.4, 0.4);
    const phase = random.between(0, 6.3);
    for (let y = -height * 0.5; y < height * 1.5; y += spacing) {
      context.beginPath();
      for (let x = 0; x <= width; x += width / 90) {
        const wave = amplitude * Math.sin((x / length) * 2 * Math.PI + phase + (y / height) * 3);
        context.lineTo(x, y + wave + slope * x);
      }
      context.stroke();
    }
  }
}

/** The word SPESIMEN, pale and large behind the text. */
function drawFaintMark(context: SKRSContext2D, width: number, height: number, hue: number, random: Random): void {
  context.save();
  context.translate(width * random.between(0.35, 0.5), height * random.between(0.5, 0.7));
  context.rotate(random.between(-0.5, -0.2));
  context.font = `${Math.round(height * 0.2)}px ${SANS_BOLD}`;
  context.textAlign = 'center';
  context.fillStyle = hsl(hue + 20, 35, 62, random.between(0.12, 0.22));
  context.fillText('SPESIMEN', 0, 0);
  context.restore();
}
