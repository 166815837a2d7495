import { reportProgress } from './report-progress.ts';

const PAGE_ROWS = 100;
const AT_ONCE = 10;

/**
 * Goes through rows by pages in the order of their ids: those that stay are not read again. Must be called by an activity.
 * @param read the next `take` rows behind the id `after`
 * @param remove answers how many rows it has removed
 * @returns how many in all
 */
export async function everyPage<Row extends { readonly id: string }>(
  read: (after: string, take: number) => Promise<Row[]>,
  remove: (row: Row) => Promise<number>,
): Promise<number> {
  let removed = 0;
  for (let after = ''; ; ) {
    const rows = await read(after, PAGE_ROWS);
    for (let start = 0; start < rows.length; start += AT_ONCE) {
      for (const count of await Promise.all(rows.slice(start, start + AT_ONCE).map(remove))) removed += count;
      reportProgress(removed);
    }
    const last = rows.at(-1);
    if (rows.length < PAGE_ROWS || !last) return removed;
    after = last.id;
  }
}
