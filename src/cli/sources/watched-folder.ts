import type { Stats } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { isJunk } from '../../batch/archive/entry-rules.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { checkSource, reasonOf } from './source-file.ts';

/** Larger ones are no pictures that a server would take, and need not be in memory to find out. */
const MAX_BYTES = 256 * 1024 * 1024;
const DONE = 'done';
const FAILED = 'failed';
/** What programs write into before a file has its name. */
const UNFINISHED = /\.(part|partial|tmp|crdownload|filepart|download)$/i;

export interface SettledFile {
  readonly name: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface FailureReason {
  readonly code: string;
  readonly message: string;
  readonly extraction_id: string | null;
}

interface Looks {
  readonly size: number;
  readonly modifiedMs: number;
  readonly since: number;
}

/** A folder into which files are put, with the folders `done` and `failed` in it. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #settleMs: number;
  /** What each file looked like, and since when it has. */
  #seen = new Map<string, Looks>();

  private constructor(folder: string, settleMs: number) {
    this.#folder = folder;
    this.#settleMs = settleMs;
  }

  /** @throws CliError where it is no folder, or nothing can be written into it */
  static async open(folder: string, settleMs: number): Promise<WatchedFolder> {
    await checkSource(folder);
    try {
      for (const name of [DONE, FAILED]) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new CliError(EXIT.usage, `${folder} ${reasonOf(error)}`, { cause: error });
    }
    return new WatchedFolder(folder, settleMs);
  }

  /**
   * The files that have looked the same for the time of settling, oldest first; folders are not entered. By looks, not
   * by the clock of the file: a share may have another one.
   */
  async settled(): Promise<SettledFile[]> {
    const now = performance.now();
    const seen = new Map<string, Looks>();
    const files: SettledFile[] = [];
    const entries = await readdir(this.#folder, { withFileTypes: true });
    for (const entry of entries) {
      const { name } = entry;
      if (!entry.isFile() || isJunk({ name, mode: 0 }) || UNFINISHED.test(name)) continue;
      const found = await statOf(join(this.#folder, name));
      if (!found) continue;
      const looks = { size: found.size, modifiedMs: found.mtimeMs };
      const before = this.#seen.get(name);
      const isSame = before?.size === looks.size && before.modifiedMs === looks.modifiedMs;
      const since = isSame ? before.since : now;
      seen.set(name, { ...looks, since });
      if (isSame && now - since >= this.#settleMs) files.push({ name, ...looks });
    }
    this.#seen = seen;
    return files.sort((one, other) => one.modifiedMs - other.modifiedMs);
  }

  /** @returns its bytes; a sentence why there are none; null where it has changed or gone since it was looked at */
  async read({ modifiedMs, name, size }: SettledFile): Promise<Buffer | string | null> {
    if (size > MAX_BYTES) return 'The file is too large.';
    const path = join(this.#folder, name);
    try {
      const bytes = await readFile(path);
      const now = await statOf(path);
      return now && now.size === size && now.mtimeMs === modifiedMs && bytes.length === size ? bytes : null;
    } catch (error) {
      if (isMissing(error)) return null;
      return `The file ${reasonOf(error)}.`;
    }
  }

  /** The result lies there before the file does: a kill in between has it read again, by the same key. */
  async moveToDone(file: SettledFile, job: unknown): Promise<void> {
    await this.#move(file, DONE, '.json', job);
  }

  async moveToFailed(file: SettledFile, reason: FailureReason): Promise<void> {
    await this.#move(file, FAILED, '.reason.json', reason);
  }

  async #move({ name }: SettledFile, to: string, suffix: string, note: unknown): Promise<void> {
    const folder = join(this.#folder, to);
    const free = await freeName(folder, name);
    const draft = join(folder, `${free}${suffix}.part`);
    await writeFile(draft, `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true });
    await rename(draft, join(folder, `${free}${suffix}`));
    try {
      await rename(join(this.#folder, name), join(folder, free));
    } catch (error) {
      // Somebody took it away meanwhile, another watcher perhaps.
      if (!isMissing(error)) throw error;
      await rm(join(folder, `${free}${suffix}`), { force: true });
    }
    this.#seen.delete(name);
  }
}

/** `card.jpg`, or `card (2).jpg` where one of that name lies there already. */
async function freeName(folder: string, name: string): Promise<string> {
  const { ext, name: stem } = parse(name);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${stem} (${number})${ext}`;
    if (!(await statOf(join(folder, candidate)))) return candidate;
  }
}

async function statOf(path: string): Promise<Stats | null> {
  return await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
