import { useCallback, useEffect, useRef, useState } from 'react';
import { type BatchItem, ITEMS_PAGE, type ItemStatus, readItems } from './batch-api.ts';

/** Of tens of thousands of rows so many pages are kept. */
const KEPT_PAGES = 40;
const FRESH_MS = 4_000;

interface ItemPages {
  /** undefined: not loaded yet. */
  readonly itemAt: (index: number) => BatchItem | undefined;
  /** Tells which rows are in sight. */
  readonly show: (first: number, last: number) => void;
}

interface LoadedPage {
  readonly items: readonly BatchItem[];
  readonly version: string;
  readonly at: number;
}

/**
 * The rows of a table, loaded by pages as they come into sight, and again when `version` has changed: at once, or of a
 * batch that runs (`isLive`) every few seconds.
 */
export function useItemPages(
  batchId: string,
  status: ItemStatus | null,
  { isLive, version }: { readonly version: string; readonly isLive: boolean },
  onProblem: (error: unknown) => void,
): ItemPages {
  const pages = useRef(new Map<number, LoadedPage>());
  const loading = useRef(new Set<number>());
  const seen = useRef<[first: number, last: number]>([0, 0]);
  const generation = useRef(0);
  const [, redraw] = useState(0);

  const load = useCallback(
    (page: number) => {
      const known = pages.current.get(page);
      const isFresh = known && (known.version === version || (isLive && Date.now() - known.at < FRESH_MS));
      if (isFresh || loading.current.has(page)) return;
      loading.current.add(page);
      const asked = generation.current;
      readItems(batchId, status, page)
        .then((items) => {
          if (asked !== generation.current) return;
          pages.current.delete(page);
          pages.current.set(page, { items, version, at: Date.now() });
          for (const old of pages.current.keys()) {
            if (pages.current.size <= KEPT_PAGES) break;
            pages.current.delete(old);
          }
          redraw((count) => count + 1);
        }, onProblem)
        .finally(() => loading.current.delete(page));
    },
    [batchId, status, version, isLive, onProblem],
  );
  const look = useCallback(() => {
    const [first, last] = seen.current;
    for (let page = Math.floor(first / ITEMS_PAGE); page <= Math.floor(last / ITEMS_PAGE); page++) load(page);
  }, [load]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another batch or filter has other rows
  useEffect(() => {
    generation.current++;
    pages.current.clear();
    loading.current.clear();
  }, [batchId, status]);
  useEffect(() => {
    look();
    const timer = setInterval(look, FRESH_MS);
    return () => clearInterval(timer);
  }, [look]);

  const itemAt = (index: number) => pages.current.get(Math.floor(index / ITEMS_PAGE))?.items[index % ITEMS_PAGE];
  const show = useCallback(
    (first: number, last: number) => {
      seen.current = [first, last];
      look();
    },
    [look],
  );
  return { itemAt, show };
}
