import type { PathLike, Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What a file looks like; null: there is none. @throws what the system says else */
export async function statOf(path: PathLike): Promise<Stats | null> {
  return await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
}

/** `ENOENT` and the like; undefined for what is no error of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

const BUSY: ReadonlySet<string> = new Set(['EBUSY', 'EAGAIN', 'ETXTBSY', 'ESTALE']);

/** Whether another program, or the server of a share, still holds a file: nothing is wrong with it. */
export function isBusy(error: unknown): boolean {
  return BUSY.has(codeOf(error) ?? '');
}
