import { describe, expect, it } from 'vitest';
import { holdsSeedBeyond64Bits } from '../../../src/chat/seed-range.ts';

const holds = (text: string) => holdsSeedBeyond64Bits(Buffer.from(text));

describe('a seed in the line of a batch', () => {
  it('is refused where no engine could take it, though parsed it looks like one that can', () => {
    const line = (seed: string) => `{"custom_id":"a","method":"POST","body":{"messages":[],"seed": ${seed}}}`;
    expect(Number('9223372036854775807')).toBe(Number('9223372036854775808'));
    expect(holds(line('9223372036854775807'))).toBe(false);
    expect(holds(line('9223372036854775808'))).toBe(true);
    expect(holds(line('-9223372036854775809'))).toBe(true);
    expect(holds(line('7'))).toBe(false);
    expect(holds('{"content":"\\"seed\\": 9223372036854775808"}')).toBe(false);
  });
});
