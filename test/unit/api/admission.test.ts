import { describe, expect, it } from 'vitest';
import { Admission } from '../../../src/api/access/admission.ts';

describe('Admission', () => {
  it('refuses over the limit at once, and counts a place that is given back twice only once', () => {
    const seen: number[] = [];
    const admission = new Admission(2, (waiting) => seen.push(waiting));
    const first = admission.enter();
    const second = admission.enter();
    expect(() => admission.enter()).toThrow(expect.objectContaining({ code: 'queue_full', status: 429 }));
    first();
    first();
    admission.enter();
    expect(() => admission.enter()).toThrow(expect.objectContaining({ retryAfterSeconds: expect.any(Number) }));
    second();
    expect(seen).toEqual([1, 2, 1, 2, 1]);
  });
});
