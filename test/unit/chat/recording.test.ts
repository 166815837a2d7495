import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamClosedError, StreamRecorder } from '../../../src/activities/chat/recorder.ts';
import { flushGapMs } from '../../../src/chat/flush-gap.ts';
import type { Piece } from '../../../src/chat/piece.ts';
import { joinPieces } from '../../../src/chat/piece-text.ts';
import { RecordedPrefix, StreamDivergedError } from '../../../src/chat/skip-recorded.ts';
import { foldStream, type StreamRecord } from '../../../src/chat/stream-log.ts';

const FINISH = { type: 'finish', reason: 'stop', usage: null } as const;

function recorderOf(send: (record: StreamRecord) => Promise<void>, onClosed = () => {}) {
  const abandon = new AbortController().signal;
  return new StreamRecorder({ epoch: [1, 1], from: 0, recorded: 0, send, onClosed, abandon });
}

describe('StreamRecorder', () => {
  it('records everything in order, the first piece at once, the rest together', async () => {
    const records: StreamRecord[] = [];
    const recorder = recorderOf(async (record) => {
      await sleep(5);
      records.push(record);
    });
    recorder.push({ content: 'a' });
    await sleep(2);
    for (const content of 'bcdefgh') recorder.push({ content });
    await recorder.finish(FINISH);
    expect(records).toHaveLength(2);
    expect(foldStream(records)).toMatchObject({ pieces: [...'abcdefgh'].map((content) => ({ content })), end: FINISH });
    expect(recorder.count).toBe(8);
  });

  it('sends a record again whose acknowledgement it has not seen', async () => {
    const records: StreamRecord[] = [];
    let failures = 2;
    const recorder = recorderOf(async (record) => {
      records.push(record);
      if (failures-- > 0) throw new Error('lost');
    });
    for (const content of 'abc') recorder.push({ content });
    await recorder.finish(FINISH);
    expect(records.length).toBeGreaterThanOrEqual(3);
    expect(joinPieces(foldStream(records).pieces).content).toBe('abc');
  });

  it('says once that the stream is closed, and records nothing more', async () => {
    let closed = 0;
    let sent = 0;
    const recorder = recorderOf(
      async () => {
        sent++;
        throw new StreamClosedError('closed');
      },
      () => closed++,
    );
    recorder.push({ content: 'a' });
    await sleep(20);
    recorder.push({ content: 'b' });
    await sleep(20);
    expect({ closed, sent }).toEqual({ closed: 1, sent: 1 });
  });

  it('keeps a record below the limit of a payload', async () => {
    const records: StreamRecord[] = [];
    const recorder = recorderOf(async (record) => void records.push(record));
    const content = 'x'.repeat(150_000);
    for (let i = 0; i < 8; i++) recorder.push({ content });
    await recorder.finish(FINISH);
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(500_000);
    expect(foldStream(records).pieces).toHaveLength(8);
  });
});

describe('flushGapMs', () => {
  it('lets 5,000 records last for more than two hours, and is short at first', () => {
    const gaps = Array.from({ length: 5000 }, (_, recorded) => flushGapMs(recorded, 2));
    expect(gaps[1]).toBe(15);
    expect(flushGapMs(1, 10)).toBe(30);
    expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(2 * 60 * 60 * 1000);
  });

  it('shows an hour of slow tokens one by one nearly to its end', () => {
    // 4,096 tokens in an hour: one every 879 ms.
    expect(flushGapMs(3300, 5)).toBeLessThan(879);
  });
});

describe('RecordedPrefix', () => {
  const answer = fc.array(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 30 });
  const content = (pieces: readonly (Piece | undefined)[]) => pieces.map((piece) => piece?.content ?? '').join('');

  it('leaves exactly what is missing, however the new answer is cut into pieces', () => {
    fc.assert(
      fc.property(answer, fc.nat(), fc.integer({ min: 1, max: 9 }), (parts, cut, size) => {
        const whole = parts.join('');
        const recorded = parts.slice(0, cut % parts.length).map((text): Piece => ({ content: text }));
        const prefix = new RecordedPrefix(recorded);
        const again = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        const rest = again.map((text) => prefix.skip({ content: text }));
        prefix.assertPassed();
        expect(content(recorded) + content(rest)).toBe(whole);
      }),
    );
  });

  it('says so when the new answer is another one, or shorter', () => {
    const recorded = [{ reasoning: 'hm' }, { content: 'Budi' }];
    const other = new RecordedPrefix(recorded);
    expect(other.skip({ reasoning: 'hm' })).toBeUndefined();
    expect(() => other.skip({ content: 'Bo' })).toThrow(StreamDivergedError);
    const shorter = new RecordedPrefix(recorded);
    shorter.skip({ reasoning: 'hm', content: 'Bud' });
    expect(() => shorter.assertPassed()).toThrow(StreamDivergedError);
  });

  it('goes on in the middle of a tool call under the id that was shown', () => {
    const call = (id: string, text: string) => ({
      toolCalls: [{ index: 0, id, type: 'function' as const, function: { name: 'f', arguments: text } }],
    });
    const recorded = [call('old', '{"a"')];
    const prefix = new RecordedPrefix(recorded);
    const rest = [
      prefix.skip(call('new', '{"a":')),
      prefix.skip({ toolCalls: [{ index: 0, function: { arguments: '1}' } }] }),
    ];
    expect(joinPieces([...recorded, ...rest.filter((piece) => piece !== undefined)]).toolCalls).toEqual([
      { id: 'old', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
    ]);
  });
});
