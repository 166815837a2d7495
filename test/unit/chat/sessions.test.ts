import { describe, expect, it } from 'vitest';
import { eventsFrom } from '../../../src/chat/chunks.ts';
import { decide, type LastAnswer } from '../../../src/chat/decide.ts';
import { type Generation, indexAfter } from '../../../src/chat/generation.ts';
import { ReaderLeases } from '../../../src/chat/leases.ts';
import type { StreamEnd, StreamView } from '../../../src/chat/stream-log.ts';

const generation: Generation = {
  id: 'gen_1',
  ordinal: 1,
  firstIndex: 0,
  usageEvent: false,
  model: 'm',
  createdAt: 1_000_000,
  bodyHash: 'body',
  idempotencyHash: 'key',
};
const finish: StreamEnd = { type: 'finish', reason: 'stop', usage: { promptTokens: 3, completionTokens: 2 } };
const failure: StreamEnd = { type: 'error', error: { code: 'upstream_failed', message: 'no', param: null } };
const pieces = [{ content: 'a' }, { content: 'b' }];

describe('decide', () => {
  const running: LastAnswer = { state: 'running', generation };
  const ended: LastAnswer = { state: 'ended', generation, kept: true, failedEarly: false };
  const same = { bodyHash: 'body', idempotencyHash: null, repeated: false };
  const other = { ...same, bodyHash: 'other' };

  it.each([
    ['a new session', { state: 'none' } as const, same, 'start'],
    ['the same request while it runs', running, same, 'attach'],
    ['another one while it runs', running, other, 'busy'],
    ['another one under the same key', running, { ...other, idempotencyHash: 'key' }, 'mismatch'],
    ['the same one after its end', ended, same, 'start'],
    ['the same one with its key', ended, { ...same, idempotencyHash: 'key' }, 'attach'],
    ['the same one as an SDK repeats it', ended, { ...same, repeated: true }, 'attach'],
    ['another one that is repeated', ended, { ...other, repeated: true }, 'start'],
    ['another one with the key of the last', ended, { ...other, idempotencyHash: 'key' }, 'mismatch'],
    ['a repeat after the expiry', { ...ended, kept: false }, { ...same, repeated: true }, 'start'],
    ['a repeat after a failure', { ...ended, failedEarly: true }, { ...same, repeated: true }, 'start'],
  ])('%s', (_name, last, request, decision) => {
    expect(decide(last, request)).toBe(decision);
  });
});

describe('eventsFrom', () => {
  const withUsage = { ...generation, usageEvent: true };
  const indexes = (view: StreamView, from: number, includeUsage = false) => {
    const { events, state } = eventsFrom(withUsage, view, from, { includeUsage });
    return [...events.map(({ index }) => index), state];
  };

  it('counts the role, the pieces, the finish and the usage without a gap', () => {
    expect(indexes({ pieces: [], end: null }, 0)).toEqual([0, 'open']);
    expect(indexes({ pieces, end: null }, 0)).toEqual([0, 1, 2, 'open']);
    expect(indexes({ pieces, end: finish }, 0)).toEqual([0, 1, 2, 3, 'finished']);
    expect(indexes({ pieces, end: finish }, 0, true)).toEqual([0, 1, 2, 3, 4, 'finished']);
    expect(indexes({ pieces, end: finish }, 4, true)).toEqual([4, 'finished']);
    expect(indexes({ pieces, end: finish }, 99, true)).toEqual(['finished']);
    expect(indexes({ pieces, end: null }, 99)).toEqual(['open']);
  });

  it('has no index for a usage that the answer was not asked for with: the next answer begins there', () => {
    const { events } = eventsFrom(generation, { pieces, end: finish }, 3, { includeUsage: true });
    expect(events.map(({ index }) => index)).toEqual([3, null]);
    expect(indexAfter(generation, { pieces: 2, failed: false, finishedAt: 2_000_000 })).toBe(4);
  });

  it('shows an error to whoever comes, and never as an end', () => {
    expect(indexes({ pieces, end: failure }, 2)).toEqual([2, 3, 'failed']);
    expect(indexes({ pieces, end: failure }, 99)).toEqual([3, 'failed']);
  });

  it('hands out a long answer in parts', () => {
    const long = { pieces: Array.from({ length: 1000 }, () => ({ content: 'x' })), end: finish };
    let next = 0;
    for (let round = 0; round < 10; round++) {
      const { events, state } = eventsFrom(withUsage, long, next, { includeUsage: true });
      for (const { index } of events) expect(index).toBe(next++);
      if (state === 'finished') break;
    }
    expect(next).toBe(1003);
  });

  it('has usage null on all chunks but the last where usage was asked for', () => {
    const { events } = eventsFrom(generation, { pieces, end: finish }, 0, { includeUsage: true });
    expect(events.map(({ data }) => (data as { usage?: unknown }).usage)).toEqual([
      null,
      null,
      null,
      null,
      expect.objectContaining({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
    ]);
  });
});

describe('indexAfter', () => {
  it('goes on behind the last event of the answer before', () => {
    const ended = { pieces: 2, failed: false, finishedAt: 1_001_000 };
    expect(indexAfter(generation, ended)).toBe(4);
    expect(indexAfter({ ...generation, usageEvent: true }, ended)).toBe(5);
    expect(indexAfter({ ...generation, firstIndex: 10 }, { ...ended, failed: true })).toBe(14);
  });

  it('stays where it was after a failure of which nobody has seen an event', () => {
    expect(indexAfter(generation, { pieces: 0, failed: true, finishedAt: 1_001_000 })).toBe(0);
    expect(indexAfter(generation, { pieces: 0, failed: true, finishedAt: 1_020_000 })).toBe(2);
  });
});

describe('ReaderLeases', () => {
  const leases = () => new ReaderLeases({ renewalMs: 30, limitMs: 10, now: 0 });

  it('counts from the last departure', () => {
    const readers = leases();
    readers.renew('a', 0);
    readers.renew('b', 5);
    readers.leave('a', 6);
    readers.leave('b', 50);
    expect(readers.deadline).toBe(60);
  });

  it('gives a process that does not renew a whole interval more', () => {
    const readers = leases();
    readers.renew('a', 20);
    expect(readers.deadline).toBe(60);
    readers.renew('b', 25);
    readers.leave('b', 26);
    expect(readers.deadline).toBe(60);
  });

  it('stops the clock when somebody comes back', () => {
    const readers = leases();
    readers.leave('a', 100);
    readers.renew('a', 105);
    expect(readers.deadline).toBe(145);
    expect(readers.departures).toBe(1);
  });
});
