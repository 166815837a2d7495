import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Frame, frameHints } from '../../../console/src/try/frame-hints.ts';

const WIDTH = 320;
const HEIGHT = 240;
const card = readFileSync(new URL('../../../examples/ktp-1.jpg', import.meta.url));

/** A drawn card, so wide, in the middle of a plain table, as a camera shows it. */
async function frameOf(cardWidth: number, change: (picture: Sharp) => Sharp = (picture) => picture): Promise<Frame> {
  const small = await sharp(card)
    .resize({ width: cardWidth, height: HEIGHT - 20, fit: 'inside' })
    .png()
    .toBuffer();
  const table = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: { r: 120, g: 96, b: 72 } } });
  const laid = await table
    .composite([{ input: small }])
    .png()
    .toBuffer();
  const { data } = await change(sharp(laid)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data), width: WIDTH, height: HEIGHT };
}

const lamp = Buffer.from(
  `<svg width="${WIDTH}" height="${HEIGHT}"><ellipse cx="150" cy="110" rx="40" ry="22" fill="#fff"/></svg>`,
);

describe('hints of the camera', () => {
  it('say nothing of a card that fills the frame in good light', async () => {
    expect(frameHints(await frameOf(290))).toEqual([]);
  });

  it('tell a card that is far away', async () => {
    expect(frameHints(await frameOf(120))).toEqual(['small']);
  });

  it('tell a dark room', async () => {
    expect(frameHints(await frameOf(290, (picture) => picture.linear(0.25, 0)))).toEqual(['dark']);
  });

  it('tell a lamp on the card', async () => {
    expect(frameHints(await frameOf(290, (picture) => picture.composite([{ input: lamp }])))).toEqual(['glare']);
  });

  it('tell an empty table', async () => {
    expect(frameHints(await frameOf(1))).toEqual(['no_card']);
  });
});
