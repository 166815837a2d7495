import fc from 'fast-check';
import { Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { CacheRows } from '../../../src/inference/onnx-qwen3vl/cache-rows.ts';

const calls = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });

it('keeps every row of every head in its place, however many tokens a call has', () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), (counts, heads, headSize) => {
      const shape = (tokens: number) => [heads, 1, tokens, headSize];
      const rows = new CacheRows({ name: 'in', output: 'out', type: 'float32', heads, headSize, shape });
      let written = 0;
      for (const count of counts) {
        const values = Float32Array.from({ length: count * heads * headSize }, () => ++written);
        const shown = rows.append(new Tensor('float32', values, [count, heads, 1, headSize]));
        const capacity = shown.dims[2] ?? 0;
        expect(shown.dims).toEqual([heads, 1, capacity, headSize]);
        const tokens = written / (heads * headSize);
        // The decoder reads all the room that there is: much of it empty would be slow.
        expect(capacity - tokens).toBeLessThan(64);
        const seen: number[] = [];
        for (let token = 0; token < tokens; token++) {
          for (let head = 0; head < heads; head++) {
            const start = (head * capacity + token) * headSize;
            seen.push(...(shown.data as Float32Array).subarray(start, start + headSize));
          }
        }
        expect(seen).toEqual(Array.from({ length: written }, (_, index) => index + 1));
      }
    }),
    { numRuns: 25 },
  );
});
