import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { KIND_BYTES } from '../../batch/archive/document-kind.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { forTerminal } from '../output.ts';
import { codeOf } from './file-facts.ts';
import type { LocalPath } from './local-path.ts';

export interface SourceFile {
  readonly path: LocalPath;
  /** For people and for the results: path inside the folder, with forward slashes. */
  readonly name: string;
}

/** A file that can be read now. */
export interface CheckedFile extends SourceFile {
  readonly size: number;
  readonly modifiedMs: number;
  /** Its first bytes. */
  readonly start: Buffer;
}

/** A file that cannot be read, and why: `is not there`. */
export interface FileProblem {
  readonly name: string;
  readonly reason: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  EISDIR: 'is a folder',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'has a name that is too long',
  EMFILE: 'cannot be read: too many files are open',
};

/** Before a server is sought or started. @throws CliError where there is neither a file nor a folder under that path */
export async function checkSource(path: string): Promise<Stats> {
  const found = await stat(path).catch(async (error: unknown) => {
    throw new CliError(EXIT.usage, `${shownPath(path)} ${await reasonAt(path, error)}`, { cause: error });
  });
  if (!found.isFile() && !found.isDirectory()) {
    throw new CliError(EXIT.usage, `${shownPath(path)} is neither a file nor a folder`);
  }
  return found;
}

/** {@link checkSource}, and it is a folder. @throws CliError */
export async function checkFolder(path: string): Promise<void> {
  if (!(await checkSource(path)).isDirectory()) throw new CliError(EXIT.usage, `${shownPath(path)} is no folder`);
}

/** A path as a message shows it: an empty one, of a variable that is not set, too. */
export function shownPath(path: string): string {
  return path === '' ? '""' : forTerminal(path);
}

/** Opens a file and reads its first bytes, so that what is wrong with it is known before anything is sent. */
export async function checkFile(file: SourceFile): Promise<CheckedFile | FileProblem> {
  const problem = (reason: string): FileProblem => ({ name: file.name, reason });
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for its writer.
    const found = await stat(file.path);
    if (found.isDirectory()) return problem('is a folder');
    if (!found.isFile()) return problem('is not a file');
    handle = await open(file.path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(KIND_BYTES), 0, KIND_BYTES, 0);
    const { mtimeMs, size } = await handle.stat();
    return { ...file, size, modifiedMs: mtimeMs, start: buffer.subarray(0, bytesRead) };
  } catch (error) {
    return problem(await reasonAt(file.path, error, file.name));
  } finally {
    await handle?.close();
  }
}

export function isProblem(checked: CheckedFile | FileProblem): checked is FileProblem {
  return 'reason' in checked;
}

/** Whether a file is another one than when it was checked; a file that has gone counts. */
export async function hasChanged({ path, size, modifiedMs }: CheckedFile): Promise<boolean> {
  try {
    const now = await stat(path);
    return now.size !== size || now.mtimeMs !== modifiedMs;
  } catch {
    return true;
  }
}

/** {@link reasonOf}, and whether it is a link whose target has gone. */
async function reasonAt(path: LocalPath, error: unknown, name = String(path)): Promise<string> {
  const isLost = codeOf(error) === 'ENOENT' && (await lstat(path).catch(() => null))?.isSymbolicLink();
  return isLost ? 'is a link to what is not there' : reasonOf(error, name);
}

/**
 * Why a file or folder cannot be read, as the end of a sentence.
 * @param path as it was given: Node.js takes arguments for UTF-8, and loses the bytes of others
 */
export function reasonOf(error: unknown, path = ''): string {
  const code = codeOf(error);
  if (code === 'ENOENT' && path.includes('\uFFFD')) return 'has a name that is no UTF-8: give ktpflow batch its folder';
  return REASONS[code ?? ''] ?? `cannot be read${code === undefined ? '' : ` (${code})`}`;
}
