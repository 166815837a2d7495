import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeIfSmall } from '../../../src/api/intake/whole-if-small.ts';

describe('the beginning of a stream', () => {
  it('is never lost or taken twice, wherever it is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 6 }), async (pieces) => {
        const all = Buffer.concat(pieces);
        const source = new PassThrough();
        const whole = wholeIfSmall(source, 16);
        for (const piece of pieces) {
          source.write(piece);
          await new Promise(setImmediate);
        }
        source.end();
        const small = await whole;
        if (all.length <= 16) expect(small).toEqual(all);
        else {
          expect(small).toBeUndefined();
          expect(await buffer(source)).toEqual(all);
        }
      }),
      { numRuns: 50 },
    );
    expect(await wholeIfSmall(Readable.from([Buffer.alloc(16)]), 16)).toHaveLength(16);
  });

  it('of one that breaks off is an error, and not a short file', async () => {
    const source = new PassThrough();
    source.write('half');
    const whole = wholeIfSmall(source, 16);
    source.destroy();
    await expect(whole).rejects.toMatchObject({ code: 'malformed_request' });
    await expect(wholeIfSmall(source, 16)).rejects.toMatchObject({ code: 'malformed_request' });
    const failing = new PassThrough();
    const failed = wholeIfSmall(failing, 16);
    failing.destroy(new Error('the disk'));
    await expect(failed).rejects.toThrow('the disk');
  });
});
