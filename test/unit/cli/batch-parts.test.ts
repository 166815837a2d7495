import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf } from '../../../src/cli/sources/batch-parts.ts';
import type { BatchContent } from '../../../src/cli/sources/batch-source.ts';

const START = Buffer.alloc(0);
const imagesOf = (sizes: readonly number[]) =>
  sizes.map((size, index) => ({ path: `${index}.jpg`, name: `${index}.jpg`, size, modifiedMs: 0, start: START }));

describe('the parts of a source', () => {
  it('hold every file once, in order, and no more than a request carries unless one file is more', () => {
    const limits = { bytes: 100, items: 5 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const images = imagesOf(sizes);
        const parts = partsOf({ kind: 'images', images }, limits).map((part) =>
          part.kind === 'images' ? part.images : [],
        );
        expect(parts.flat()).toEqual(images);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limits.items);
          const bytes = part.reduce((sum, { size }) => sum + size, 0);
          if (part.length > 1) expect(bytes).toBeLessThanOrEqual(limits.bytes);
        }
        // No more of them than it takes: of two neighbours the second's first file did not fit.
        for (const [index, part] of parts.entries()) {
          const next = parts[index + 1]?.[0];
          if (!next) continue;
          const bytes = part.reduce((sum, { size }) => sum + size, 0);
          expect(part.length === limits.items || bytes + next.size > limits.bytes).toBe(true);
        }
      }),
    );
  });

  it('are requests that a server takes as it comes: 10,000 scans of a megabyte are not one of 10 GB', () => {
    const images = imagesOf(Array.from({ length: 10_000 }, () => 1024 ** 2));
    expect(partsOf({ kind: 'images', images })).toHaveLength(40);
    const items = Array.from({ length: 2_500 }, (_, index) => {
      const url = `https://cards.example/${index}.jpg`;
      return { image_url: url, name: url, custom_id: null, metadata: null };
    });
    expect(partsOf({ kind: 'urls', items }).map((part) => part.kind === 'urls' && part.items.length)).toEqual([
      1_000, 1_000, 500,
    ]);
  });

  it('of an archive are the archive', () => {
    const [file] = imagesOf([3 * 1024 ** 3]);
    if (!file) throw new Error('no file');
    const archive: BatchContent = { kind: 'archive', file };
    expect(partsOf(archive)).toEqual([archive]);
  });
});
