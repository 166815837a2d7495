import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamRecord } from '../../../src/chat/stream-log.ts';
import { openRecord, sealRecord } from '../../../src/stream-history/sealed-records.ts';

const KEY = randomBytes(32);
const END = { type: 'finish', reason: 'stop', usage: null } as const;
const records = fc.record({
  epoch: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 })),
  from: fc.nat({ max: 5000 }),
  pieces: fc.array(fc.record({ content: fc.string({ unit: 'grapheme' }) }), { maxLength: 10 }),
});

describe('a sealed record', () => {
  it('opens to what it was, and shows only how many pieces it holds', () => {
    fc.assert(
      fc.property(records, fc.boolean(), (record, last) => {
        const whole: StreamRecord = { ...record, ...(last && { end: END }) };
        const sealed = sealRecord(KEY, whole);
        expect(sealed).toMatchObject({ epoch: record.epoch, from: record.from, count: record.pieces.length });
        expect(openRecord(KEY, sealed)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('opens with no other key, and at no other place of the stream', () => {
    const record: StreamRecord = { epoch: [1, 1], from: 3, pieces: [{ content: 'rahasia' }] };
    const sealed = sealRecord(KEY, record);
    expect(JSON.stringify(sealed)).not.toContain('rahasia');
    for (const moved of [
      { ...sealed, from: 4 },
      { ...sealed, epoch: [1, 2] as const },
    ]) {
      expect(() => openRecord(KEY, moved)).toThrow('do not open');
    }
    expect(() => openRecord(randomBytes(32), sealed)).toThrow('do not open');
  });

  it('of before there were keys is passed on, so that an answer that runs through an update is read', () => {
    const record: StreamRecord = { epoch: [1, 1], from: 0, pieces: [{ content: 'x' }] };
    expect(openRecord(KEY, record)).toEqual(record);
  });
});
