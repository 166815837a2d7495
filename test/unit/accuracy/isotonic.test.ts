import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitIsotonic, toKnots } from '../../../bench/accuracy/isotonic.ts';

const answer = fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), right: fc.boolean() });

describe('the calibration fit', () => {
  it('never falls, and accounts for every answer', () => {
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 200 }), (answers) => {
        const steps = fitIsotonic(answers, 5);
        expect(steps.reduce((sum, step) => sum + step.count, 0)).toBe(answers.length);
        for (let i = 1; i < steps.length; i++) {
          expect(steps[i]!.rate).toBeGreaterThanOrEqual(steps[i - 1]!.rate);
          expect(steps[i]!.from).toBeGreaterThanOrEqual(steps[i - 1]!.to);
        }
        const knots = toKnots(steps);
        for (let i = 1; i < knots.length; i++) expect(knots[i]![0]).toBeGreaterThanOrEqual(knots[i - 1]![0]);
      }),
    );
  });

  it('finds where answers become right', () => {
    const answers = Array.from({ length: 1000 }, (_, i) => ({ score: i / 1000, right: i >= 400 }));
    const steps = fitIsotonic(answers, 10);
    expect(steps[0]!.rate).toBeLessThan(0.01);
    expect(steps.at(-1)!.rate).toBeGreaterThan(0.99);
    expect(steps.at(-1)!.from).toBeCloseTo(0.4, 1);
  });
});
