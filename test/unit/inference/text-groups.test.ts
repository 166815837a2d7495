import { describe, expect, it } from 'vitest';
import { groupText } from '../../../src/inference/card-reader/text-groups.ts';
import type { Quad } from '../../../src/text-lines/text-line.ts';

/** A box of text whose middle, size and direction (degrees, clockwise) are given. */
function box(x: number, y: number, length: number, height: number, degrees = 0): Quad {
  const angle = (degrees * Math.PI) / 180;
  const at = (along: number, across: number) => ({
    x: x + along * Math.cos(angle) - across * Math.sin(angle),
    y: y + along * Math.sin(angle) + across * Math.cos(angle),
  });
  const [half, high] = [length / 2, height / 2];
  return [at(-half, -high), at(half, -high), at(half, high), at(-half, high)];
}

const card = [box(100, 100, 120, 10), box(100, 112, 90, 10), box(100, 124, 110, 10)];
const letter = [box(196, 72, 100, 10, 33), box(190, 84, 100, 10, 33), box(184, 96, 100, 10, 33)];

describe('pieces of text', () => {
  it('of a card and of a letter below it are not joined by a short box between both', () => {
    const groups = groupText([...card, ...letter, box(163, 104, 12, 10)]);
    const held = groups.map(({ quads }) => quads.filter((quad) => card.includes(quad)).length);
    expect(groups.length).toBeGreaterThanOrEqual(2);
    expect(held.filter((count) => count > 0)).toEqual([card.length]);
    for (const { quads } of groups) {
      expect(quads.some((quad) => card.includes(quad)) && quads.some((quad) => letter.includes(quad))).toBe(false);
    }
  });

  it('of a card and of a receipt below it are not joined by a row that runs between both directions', () => {
    const receipt = [box(196, 72, 100, 10, 12), box(190, 84, 100, 10, 12), box(184, 96, 100, 10, 12)];
    const held = groupText([...card, ...receipt, box(150, 118, 90, 10, 6)]).map(
      ({ quads }) => quads.filter((quad) => card.includes(quad)).length,
    );
    expect(held.filter((count) => count > 0)).toEqual([card.length]);
    expect(groupText([...card, ...receipt]).map(({ quads }) => quads.length)).toEqual([3, 3]);
  });

  it('that are too short to tell a direction join the rows around them, in the order they came in', () => {
    const short = box(60, 136, 14, 10);
    const rows = [short, ...card];
    expect(groupText(rows).map(({ quads }) => quads)).toEqual([rows]);
  });

  it('join by short boxes where both run the same way', () => {
    const right = [box(230, 100, 60, 10), box(230, 112, 60, 10)];
    const apart = groupText([...card, ...right]);
    const joined = groupText([...card, ...right, box(180, 106, 12, 10)]);
    expect(apart).toHaveLength(2);
    expect(joined).toHaveLength(1);
    expect(joined[0]?.quads).toHaveLength(6);
  });
});
