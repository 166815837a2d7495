import type { Canvas } from '@napi-rs/canvas';
import type { Random } from './random.ts';

/** Takes print off: patches where it has faded, specks, and scratches through to the plastic. */
export function wearInk(ink: Canvas, wear: number, random: Random): void {
  if (wear <= 0) return;
  const context = ink.getContext('2d');
  const { width, height } = ink;
  context.save();
  context.globalCompositeOperation = 'destination-out';
  context.fillStyle = `rgba(0,0,0,${(0.35 * wear).toFixed(3)})`;
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < 10; i++) {
    const x = random.between(0, width);
    const y = random.between(0, height);
    const radius = width * random.between(0.05, 0.2);
    const patch = context.createRadialGradient(x, y, 0, x, y, radius);
    patch.addColorStop(0, `rgba(0,0,0,${(wear * random.between(0.15, 0.5)).toFixed(3)})`);
    patch.addColorStop(1, 'rgba(0,0,0,0)');
    context.fillStyle = patch;
    context.fillRect(0, 0, width, height);
  }
  const specks = Math.round(2500 * wear);
  context.fillStyle = `rgba(0,0,0,${(0.5 + 0.3 * wear).toFixed(3)})`;
  for (let i = 0; i < specks; i++) {
    const size = (width / 1012) * random.between(0.5, 1.6);
    context.fillRect(random.between(0, width), random.between(0, height), size, size);
  }
  context.strokeStyle = 'rgba(0,0,0,0.8)';
  for (let i = 0; i < 14 * wear; i++) {
    const x = random.between(0, width);
    const y = random.between(0, height);
    const angle = random.between(-0.5, 0.5) + (random.chance(0.3) ? 1.5 : 0);
    const length = width * random.between(0.05, 0.3);
    context.lineWidth = (width / 1012) * random.between(0.6, 1.6);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + Math.cos(angle) * length, y + Math.sin(angle) * length);
    context.stroke();
  }
  context.restore();
}
