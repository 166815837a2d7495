import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Piece } from '../../../src/chat/piece.ts';
import { joinPieces } from '../../../src/chat/piece-text.ts';
import { type Epoch, foldStream, StreamLog, type StreamRecord } from '../../../src/chat/stream-log.ts';

const FINISH = { type: 'finish', reason: 'stop', usage: null } as const;

/** An answer, and the cuts at which its writer flushed. */
const answers = fc
  .record({
    pieces: fc.array(
      fc.string().map((content): Piece => ({ content })),
      { maxLength: 40 },
    ),
  })
  .chain(({ pieces }) =>
    fc
      .uniqueArray(fc.integer({ min: 0, max: pieces.length }), { maxLength: 10 })
      .map((cuts) => ({ pieces, cuts: cuts.sort((a, b) => a - b) })),
  );

function recordsOf(pieces: readonly Piece[], cuts: readonly number[], epoch: Epoch, start = 0): StreamRecord[] {
  const edges = [start, ...cuts.filter((cut) => cut > start), pieces.length];
  return edges.slice(1).map((to, i) => {
    const from = edges[i] ?? 0;
    const last = i === edges.length - 2;
    return { epoch, from, pieces: pieces.slice(from, to), ...(last && { end: FINISH }) };
  });
}

const text = (pieces: readonly Piece[]) => joinPieces(pieces).content;

describe('foldStream', () => {
  it('gives the same answer whatever the order of one writer, however often it repeats itself', () => {
    fc.assert(
      fc.property(answers, fc.infiniteStream(fc.nat()), ({ pieces, cuts }, random) => {
        const records = recordsOf(pieces, cuts, [1, 1]);
        const shuffled = [...records, ...records]
          .map((record) => ({ record, key: random.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ record }) => record);
        expect(foldStream(shuffled)).toMatchObject({ pieces, end: FINISH });
      }),
    );
  });

  it('gives a prefix of the answer for a truncated history', () => {
    fc.assert(
      fc.property(answers, fc.nat({ max: 12 }), ({ pieces, cuts }, kept) => {
        const view = foldStream(recordsOf(pieces, cuts, [1, 1]).slice(0, kept));
        expect(pieces.slice(0, view.pieces.length)).toEqual(view.pieces);
        if (view.end) expect(view.pieces).toEqual(pieces);
      }),
    );
  });

  it('goes on from the prefix that a fence has closed, whatever the fenced writer says later', () => {
    fc.assert(
      fc.property(answers, fc.nat({ max: 12 }), fc.string({ minLength: 1 }), ({ pieces, cuts }, seen, other) => {
        const old = recordsOf(pieces, cuts, [1, 1]);
        const before = old.slice(0, Math.min(seen, old.length - 1));
        const prefix = foldStream(before).pieces;
        const whole = [...prefix, { content: other }];
        const fence: StreamRecord = { epoch: [1, 2], from: prefix.length, pieces: [] };
        const rest = recordsOf(whole, [], [1, 2], prefix.length);
        const late = old.slice(before.length);
        const view = foldStream([...before, fence, ...late, ...rest, ...late]);
        expect(view).toMatchObject({ pieces: whole, end: FINISH });
        expect(text(view.pieces)).toBe(text(prefix) + other);
      }),
    );
  });

  it('forgets what a fenced writer left behind a gap', () => {
    const view = foldStream([
      { epoch: [1, 1], from: 2, pieces: [{ content: 'lost' }] },
      { epoch: [2, 1], from: 0, pieces: [{ content: 'a' }, { content: 'b' }] },
      { epoch: [2, 1], from: 2, pieces: [{ content: 'c' }] },
    ]);
    expect(text(view.pieces)).toBe('abc');
  });

  it('orders writers by the activity first, then by its attempt', () => {
    const log = new StreamLog();
    log.accept({ epoch: [1, 9], from: 0, pieces: [{ content: 'a' }] });
    log.accept({ epoch: [2, 1], from: 1, pieces: [] });
    log.accept({ epoch: [1, 10], from: 1, pieces: [{ content: 'x' }] });
    expect(text(log.pieces)).toBe('a');
    expect(log.epoch).toEqual([2, 1]);
  });

  it('keeps the first end', () => {
    const log = new StreamLog();
    log.accept({ epoch: [1, 1], from: 0, pieces: [{ content: 'a' }], end: FINISH });
    log.accept({ epoch: [1, 2], from: 1, pieces: [{ content: 'b' }] });
    log.close({ type: 'error', error: { code: 'internal', message: 'x', param: null } });
    expect(log).toMatchObject({ pieces: [{ content: 'a' }], end: FINISH });
  });
});
