import type { BatchContent } from './batch-source.ts';

/** A request that is cut off is sent again whole: so much is worth it. */
const PART_BYTES = 256 * 1024 ** 2;
const PART_ITEMS = 1_000;

interface Limits {
  readonly bytes: number;
  readonly items: number;
}

/**
 * A source in the order of its items, cut into what one request carries: a folder may hold more than the server takes at
 * once (MAX_UPLOAD_MB, MAX_JSON_MB). An archive is one part, and so is a file that is larger than a part.
 */
export function partsOf(
  content: BatchContent,
  limits: Limits = { bytes: PART_BYTES, items: PART_ITEMS },
): readonly BatchContent[] {
  switch (content.kind) {
    case 'archive':
      return [content];
    case 'images':
      return cut(content.images, ({ size }) => size, limits).map((images) => ({ kind: 'images', images }));
    case 'urls':
      return cut(content.items, ({ image_url }) => image_url.length, limits).map((items) => ({ kind: 'urls', items }));
  }
}

function cut<Item>(items: readonly Item[], bytesOf: (item: Item) => number, limits: Limits): readonly Item[][] {
  const parts: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    const part = parts.at(-1);
    if (part && bytes + size <= limits.bytes && part.length < limits.items) {
      part.push(item);
      bytes += size;
    } else {
      parts.push([item]);
      bytes = size;
    }
  }
  return parts;
}
