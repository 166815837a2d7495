import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { CARD_RATIO, drawCard } from '../../../tools/make-cards/draw-card.ts';
import { project, viewOf } from '../../../tools/make-cards/homography.ts';
import { drawNegative } from '../../../tools/make-cards/negatives.ts';
import { degrade } from '../../../tools/make-cards/sample.ts';

describe('drawn cards', () => {
  it('have the shape of a card and a box for every printed value', async () => {
    const { picture, boxes, identity } = await drawCard(7, { width: 600 });
    expect(picture.width / picture.height).toBeCloseTo(CARD_RATIO, 2);
    const printed = Object.entries(identity.printed).filter(([, value]) => value !== null);
    expect([...boxes.keys()].sort()).toEqual(printed.map(([name]) => name).sort());
    for (const [left, top, right, bottom] of boxes.values()) {
      expect(left).toBeGreaterThan(0);
      expect(right).toBeLessThan(picture.width);
      expect(top).toBeGreaterThan(0);
      expect(bottom).toBeLessThan(picture.height);
    }
  });

  it('are the same bytes for the same seed, and others for another', async () => {
    const [first, again, other] = await Promise.all([
      degrade(3, 'small', 'strong'),
      degrade(3, 'small', 'strong'),
      degrade(4, 'small', 'strong'),
    ]);
    expect(again.jpeg.equals(first.jpeg)).toBe(true);
    expect(other.jpeg.equals(first.jpeg)).toBe(false);
  });

  it.each([
    ['small', 'moderate'],
    ['both-sides', 'severe'],
  ] as const)('put the quads of the truth inside the picture: %s', async (level, strength) => {
    const { jpeg, truth } = await degrade(5, level, strength);
    const { width, height } = await sharp(jpeg).metadata();
    expect(truth.hidden).toEqual([]);
    for (const [x, y] of Object.values(truth.quads).flat()) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(height);
    }
  });

  it('say which fields a finger or the edge hides', async () => {
    const { truth } = await degrade(2, 'occluded', 'strong');
    expect(truth.hidden.length).toBeGreaterThan(0);
    expect(truth.hidden.length).toBeLessThan(20);
  });
});

describe('negatives', () => {
  it('are pictures without a KTP', async () => {
    const { jpeg, truth } = await drawNegative(1, 'noise');
    expect(truth.document).toBe('other');
    expect((await sharp(jpeg).metadata()).format).toBe('jpeg');
  });
});

describe('the view of a card', () => {
  it('keeps the width that faces the camera, and shrinks the far side of a turned one', () => {
    const pose = { centre: [500, 400], cardWidth: 800, roll: 0, pitch: 0, yaw: 0, distance: 3 } as const;
    const flat = viewOf(1000, 630, pose);
    expect(project(flat, 1000, 315)[0] - project(flat, 0, 315)[0]).toBeCloseTo(800);
    const turned = viewOf(1000, 630, { ...pose, yaw: 30 });
    const left = project(turned, 0, 630)[1] - project(turned, 0, 0)[1];
    const right = project(turned, 1000, 630)[1] - project(turned, 1000, 0)[1];
    expect(Math.abs(left - right)).toBeGreaterThan(50);
  });
});
