import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpening, OpeningRecords } from '../../../src/chat/opening-records.ts';
import type { Piece } from '../../../src/chat/piece.ts';
import { type Epoch, foldStream, type StreamRecord } from '../../../src/chat/stream-log.ts';

/** A workflow's own history and the stream's log, as one attempt after another writes them. */
class Histories {
  readonly own: StreamRecord[] = [];
  readonly log: StreamRecord[] = [];
  /** What each later attempt has read and gone on from. */
  readonly taken: string[] = [];
  #attempts = 0;

  /** An attempt that fences, reads and goes on; its records in the order in which it would send them. */
  begin(sizes: readonly number[]): StreamRecord[] {
    const epoch: Epoch = [1, ++this.#attempts];
    const fence: StreamRecord = { epoch, from: 0, pieces: [] };
    let position = 0;
    if (this.#attempts > 1) {
      this.own.push(fence);
      const opening = new OpeningRecords().take(this.own);
      this.log.push(fence);
      const { pieces } = foldStream([...opening, ...this.log]);
      this.taken.push(textOf(pieces));
      position = pieces.length;
    }
    const attempt = this.#attempts;
    return sizes.map((size) => {
      const pieces: Piece[] = Array.from({ length: size }, (_, index) => ({
        content: `${position + index} of ${attempt}, `,
      }));
      const record = { epoch, from: position, pieces };
      position += size;
      return record;
    });
  }

  write(record: StreamRecord): void {
    (isOpening(record) ? this.own : this.log).push(record);
  }
}

const textOf = (pieces: readonly Piece[]) => pieces.map(({ content }) => content).join('');
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 });
/** Attempts, each with how many of its records come before the next attempt; the rest is what a frozen process sends later. */
const attempts = fc.array(fc.record({ sizes, inTime: fc.nat(6), late: fc.nat(6) }), { minLength: 1, maxLength: 4 });

describe('the first record of a stream, in the history of its workflow', () => {
  it('makes one answer of both histories, whoever wakes up late, and for whoever reads half of them', () => {
    fc.assert(
      fc.property(attempts, fc.nat(), fc.nat(), (all, ownShare, logShare) => {
        const histories = new Histories();
        const frozen: StreamRecord[] = [];
        for (const attempt of all) {
          const records = histories.begin(attempt.sizes);
          for (const record of records.slice(0, attempt.inTime)) histories.write(record);
          // A writer sends in order, and one that was frozen goes on where it stood.
          for (const record of frozen.splice(0, attempt.late)) histories.write(record);
          frozen.push(...records.slice(attempt.inTime));
        }
        for (const record of frozen) histories.write(record);

        const { log, own } = histories;
        const whole = foldStream([...new OpeningRecords().take(own), ...log]);
        expect(whole.pieces.map(({ content }) => Number.parseInt(content ?? '', 10))).toEqual([...whole.pieces.keys()]);
        for (const text of histories.taken) expect(textOf(whole.pieces).startsWith(text)).toBe(true);

        // A reader looks into the log once the workflow's history holds a record, and reads on in both.
        const seenOwn = own.slice(0, own.length === 0 ? 0 : 1 + (ownShare % own.length));
        const seenLog = seenOwn.length === 0 ? [] : log.slice(0, logShare % (log.length + 1));
        const opening = new OpeningRecords();
        const first = opening.take(seenOwn);
        const live = foldStream([...first, ...seenLog, ...opening.take(own.slice(seenOwn.length))]);
        expect(textOf(whole.pieces).startsWith(textOf(live.pieces))).toBe(true);
      }),
    );
  });

  it('counts for nothing behind the fence of a later attempt', () => {
    const opening = new OpeningRecords();
    const late: StreamRecord = { epoch: [1, 1], from: 0, pieces: [{ content: 'late' }] };
    const fence: StreamRecord = { epoch: [1, 2], from: 0, pieces: [] };
    expect(opening.take([fence, late])).toEqual([]);
    expect(opening.aside).toEqual([fence, late]);
  });
});
