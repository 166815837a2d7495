import type { Stats } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeName } from '../../batch/archive/entry-name.ts';
import { isJunk } from '../../batch/archive/entry-rules.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { codeOf, isBusy, statOf } from './file-facts.ts';
import { joinName, type LocalPath } from './local-path.ts';
import { checkSource, reasonOf, type SourceFile } from './source-file.ts';
import { writeNote } from './write-note.ts';

/** Larger ones are no pictures that a server would take, and need not be in memory to find out. */
const MAX_BYTES = 256 * 1024 * 1024;
/** An empty file is one that a scanner has begun, as a rule: so many times as long it is waited for. */
const EMPTY_SETTLES = 12;
/** A file that cannot be moved is tried again after this. */
const MOVE_AGAIN_MS = 60_000;
const DONE = 'done';
const FAILED = 'failed';
/** What scanners and copies write into before a file has its name, beside what archives are spared of. */
const UNFINISHED = /\.(temp|uploading|upload|incomplete|inprogress|writing|lock|lck)$|~$/i;

export interface SettledFile extends SourceFile {
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

/** The folder is away, full or closed: nothing is wrong with any file in it, and it may come back. */
export class FolderFault extends Error {
  override readonly name = 'FolderFault';
}

/** A file that was read stays where it is, since it may not be moved; said once, and tried again each minute. */
export class MoveFault extends Error {
  override readonly name = 'MoveFault';
}

/** A folder into which files are put, with the folders `done` and `failed` in it. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #settleMs: number;
  /** What each file looked like, and since when it has; by {@link keyOf}. */
  #seen = new Map<string, Looks>();
  /** Files that could not be moved, and when they are tried again. */
  readonly #unmoved = new Map<string, number>();

  private constructor(folder: string, settleMs: number) {
    this.#folder = folder;
    this.#settleMs = settleMs;
  }

  /** @throws CliError where nothing is there, or no folders can be made in it */
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
   * @throws FolderFault
   */
  async settled(): Promise<SettledFile[]> {
    const now = performance.now();
    const seen = new Map<string, Looks>();
    const files: SettledFile[] = [];
    for (const { name, path } of await this.#files()) {
      const found = await this.#look(path);
      const key = keyOf(path);
      if (!found) continue;
      const looks = { size: found.size, modifiedMs: found.mtimeMs };
      const before = this.#seen.get(key);
      const isSame = before?.size === looks.size && before.modifiedMs === looks.modifiedMs;
      const since = isSame ? before.since : now;
      seen.set(key, { ...looks, since });
      const settleMs = looks.size === 0 ? EMPTY_SETTLES * this.#settleMs : this.#settleMs;
      const isPutOff = now < (this.#unmoved.get(key) ?? 0);
      if (isSame && now - since >= settleMs && !isPutOff) files.push({ name, path, ...looks });
    }
    this.#seen = seen;
    for (const key of this.#unmoved.keys()) if (!seen.has(key)) this.#unmoved.delete(key);
    return files.sort((one, other) => one.modifiedMs - other.modifiedMs);
  }

  /**
   * @returns its bytes; a sentence why there are none; null where it is held, or has changed or gone since it was looked
   * at
   */
  async read(file: SettledFile): Promise<Buffer | string | null> {
    if (file.size > MAX_BYTES) return 'The file is too large.';
    try {
      const bytes = await readFile(file.path);
      return isStill(file, await statOf(file.path)) && bytes.length === file.size ? bytes : null;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || isBusy(error)) return null;
      return `The file ${reasonOf(error)}.`;
    }
  }

  /**
   * The result lies there before the file does: a kill in between has it read again, by the same key.
   * @returns whether it was moved; false where it has changed or gone, or still may not be moved
   * @throws FolderFault, MoveFault
   */
  async moveToDone(file: SettledFile, job: unknown): Promise<boolean> {
    return await this.#move(file, DONE, '.json', job);
  }

  /** As {@link moveToDone}. */
  async moveToFailed(file: SettledFile, reason: FailureReason): Promise<boolean> {
    return await this.#move(file, FAILED, '.reason.json', reason);
  }

  /** Names are taken as bytes: a scanner of another country writes none in UTF-8. */
  async #files(): Promise<SourceFile[]> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true, encoding: 'buffer' });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => ({ name: decodeName(entry.name), path: joinName(this.#folder, entry.name) }));
      return files.filter(({ name }) => !isJunk({ name, mode: 0 }) && !UNFINISHED.test(name));
    } catch (error) {
      throw new FolderFault(`${this.#folder} ${reasonOf(error)}`, { cause: error });
    }
  }

  async #look(path: LocalPath): Promise<Stats | null> {
    try {
      return await statOf(path);
    } catch (error) {
      throw new FolderFault(`${this.#folder} ${reasonOf(error)}`, { cause: error });
    }
  }

  async #move(file: SettledFile, to: string, suffix: string, note: unknown): Promise<boolean> {
    const { name, path } = file;
    const folder = join(this.#folder, to);
    // What was put over it meanwhile was not read.
    if (!isStill(file, await this.#look(path))) return false;
    const free = await writeNote(folder, name, suffix, `${JSON.stringify(note)}\n`).catch((error: unknown) => {
      throw new FolderFault(`${folder} cannot be written (${codeOf(error) ?? 'unknown'})`, { cause: error });
    });
    try {
      await rename(path, join(folder, free));
    } catch (error) {
      // Another watcher may have moved it under the same name: then the note is of that file.
      if (!(await this.#look(join(folder, free)))) await rm(join(folder, `${free}${suffix}`), { force: true });
      if (codeOf(error) === 'ENOENT' || this.#putOff(path)) return false;
      throw new MoveFault(`cannot be moved to ${to}/ (${codeOf(error) ?? 'unknown'}) and stays where it is`, {
        cause: error,
      });
    }
    this.#seen.delete(keyOf(path));
    this.#unmoved.delete(keyOf(path));
    return true;
  }

  /** @returns whether it has been put off before */
  #putOff(path: LocalPath): boolean {
    const isKnown = this.#unmoved.has(keyOf(path));
    this.#unmoved.set(keyOf(path), performance.now() + MOVE_AGAIN_MS);
    return isKnown;
  }
}

/** Two names of which one is no UTF-8 may read alike. */
function keyOf(path: LocalPath): string {
  return Buffer.from(path).toString('latin1');
}

function isStill({ modifiedMs, size }: SettledFile, now: Stats | null): boolean {
  return now !== null && now.size === size && now.mtimeMs === modifiedMs;
}
