import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission } from '../../../src/api/access/admission.ts';

const message = 'Too many.';
const refusal = expect.objectContaining({ code: 'queue_full', status: 429, retryAfterSeconds: expect.any(Number) });

describe('Admission', () => {
  it('refuses over the limit at once, and counts a place that is given back twice only once', () => {
    const seen: number[] = [];
    const admission = new Admission({ limit: 2, message, onChange: (taken) => seen.push(taken) });
    const first = admission.enter('a');
    const second = admission.enter('a');
    expect(() => admission.enter('a')).toThrow(refusal);
    expect(() => admission.check('a')).toThrow(refusal);
    first();
    first();
    admission.enter('a');
    expect(() => admission.enter('a')).toThrow(refusal);
    second();
    expect(seen).toEqual([1, 2, 1, 2, 1]);
  });

  it('keeps no tenant out because another one has taken everything', () => {
    const admission = new Admission({ limit: 64, message });
    for (let place = 0; place < 64; place++) admission.enter('greedy');
    for (let place = 0; place < 32; place++) admission.enter('other');
    // Its share of two is used up; the first one has no more than before.
    expect(() => admission.enter('other')).toThrow(refusal);
    expect(() => admission.enter('greedy')).toThrow(refusal);
    admission.enter('third');
  });

  it('lets in what is larger than the limit, alone', () => {
    const admission = new Admission({ limit: 10, message });
    const leave = admission.enter('a', 25);
    expect(() => admission.enter('a', 1)).toThrow(refusal);
    leave();
    admission.enter('a', 1);
    expect(() => admission.enter('a', 25)).toThrow(refusal);
  });

  it('never holds more than twice the limit, and one tenant alone never more than it', () => {
    const step = fc.record({
      tenant: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      weight: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), fc.array(step), (limit, steps) => {
        let taken = 0;
        const admission = new Admission({ limit, message, onChange: (now) => (taken = now) });
        for (const { tenant, weight } of steps) {
          try {
            admission.enter(tenant, weight);
          } catch (error) {
            expect(error).toEqual(refusal);
          }
          expect(taken).toBeLessThanOrEqual(new Set(steps.map((one) => one.tenant)).size > 1 ? 2 * limit : limit);
        }
      }),
    );
  });
});
