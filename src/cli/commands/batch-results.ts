import { constants, createWriteStream, type Stats } from 'node:fs';
import { access, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../api-client.ts';
import { ApiError, CliError, EXIT } from '../exit-codes.ts';
import { interruptibly } from '../interruptibly.ts';
import { codeOf } from '../sources/file-facts.ts';

const DOWNLOAD_TRIES = 5;
const STDOUT: ReadonlySet<string> = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);
const FORMATS: Readonly<Record<string, string>> = {
  '.xlsx': 'xlsx',
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

export interface ResultsTarget {
  /** Where the results go; `-` is stdout. */
  readonly out: string | undefined;
  readonly format: string | undefined;
  /** CSV for a double click. */
  readonly spreadsheet: boolean;
  /** Between the cells of a CSV. */
  readonly separator: string | undefined;
  readonly force: boolean;
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'its folder is not there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left',
  ENAMETOOLONG: 'its name is too long',
};

/**
 * Before hours of work, not after: the folder that is not there or must not be written, the file that would be lost,
 * the option that would do nothing. @throws CliError
 */
export async function checkTarget({ out, format, spreadsheet, separator, force }: ResultsTarget): Promise<void> {
  if (out === undefined) {
    const needless = Object.entries({ format, spreadsheet, separator, force }).find(([, value]) => value);
    if (needless) throw new CliError(EXIT.usage, `--${needless[0]} does nothing without --out`);
    return;
  }
  const found = formatOf(out, format);
  if ((spreadsheet || separator !== undefined) && found !== 'csv') {
    throw new CliError(
      EXIT.usage,
      `--${spreadsheet ? 'spreadsheet' : 'separator'} is for CSV, and does nothing for ${found}`,
    );
  }
  if (out === '-') {
    if (found === 'xlsx' && process.stdout.isTTY) {
      throw new CliError(EXIT.usage, 'a workbook is nothing for a terminal: give --out FILE.xlsx, or another --format');
    }
    if (force) throw new CliError(EXIT.usage, '--force does nothing with --out -');
    return;
  }
  const existing = await stat(out).catch(() => undefined);
  // A pipe or a device, such as /dev/null, is written to, and never replaced.
  if (existing && !existing.isFile() && !existing.isDirectory()) return;
  if (existing?.isDirectory()) throw new CliError(EXIT.usage, `--out ${out} is a folder: name a file in it`);
  if (existing && !force) throw new CliError(EXIT.usage, `${out} is there already; --force replaces it`);
  if (existing) {
    await access(out, constants.W_OK).catch((error: unknown) => {
      throw cannotBeWritten(out, error);
    });
  }
  await tryToWrite(out);
}

/** Under another name too: by a link, or by one of a disk that knows no capitals. @throws CliError */
export async function keepSource(source: Stats, out: string | undefined): Promise<void> {
  if (out === undefined || out === '-') return;
  const found = await stat(out).catch(() => undefined);
  if (!found?.isFile() || found.dev !== source.dev || found.ino !== source.ino) return;
  throw new CliError(EXIT.usage, `--out ${out} would replace what is to be read`);
}

/** Absolute paths of what this program writes: none of them is a card, should they lie among the cards. */
export function ownFiles(out: string | undefined): ReadonlySet<string> {
  return new Set(out === undefined || out === '-' ? [] : [resolve(out), resolve(draftOf(out))]);
}

/** `-` for stdout under whatever name: where a shell has opened a file for it, that file is not one to be replaced. */
export function withoutDevice(out: string | undefined): string | undefined {
  return out !== undefined && STDOUT.has(out) ? '-' : out;
}

/** Writes the results; a file under its final name is always whole. @throws CliError, ApiError */
export async function writeResults(
  api: ApiClient,
  path: string,
  { out, format, spreadsheet, separator }: ResultsTarget,
): Promise<void> {
  if (out === undefined) return;
  const query = new URLSearchParams({
    format: formatOf(out, format),
    ...(spreadsheet && { spreadsheet: '1' }),
    ...(separator !== undefined && { separator }),
  });
  const request = `${path}/results?${query}`;
  const target = await targetOf(out);
  if (target !== null) {
    return interruptibly((signal) => writeFileWhole(api, request, target, signal), `${out} is not written`);
  }
  try {
    const device = out === '-' ? process.stdout : createWriteStream(out);
    await pipeline(await openResults(api, request), device, { end: out !== '-' });
  } catch (error) {
    if (error instanceof CliError || error instanceof ApiError) throw error;
    throw isLocal(error) ? cannotBeWritten(out, error) : brokeOff(error);
  }
}

/** The file to replace, behind links; null: a stream. */
async function targetOf(out: string): Promise<string | null> {
  if (out === '-') return null;
  const found = await stat(out).catch(() => undefined);
  if (!found) return out;
  return found.isFile() ? realpath(out) : null;
}

/** Beside its place first; begun anew when the connection breaks, since half of it is good for nothing. */
async function writeFileWhole(api: ApiClient, request: string, target: string, signal: AbortSignal): Promise<void> {
  const draft = draftOf(target);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const results = await openResults(api, request, signal);
        await pipeline(results, createWriteStream(draft, { mode: 0o600, flush: true }), { signal });
        break;
      } catch (error) {
        if (signal.aborted || isLocal(error) || error instanceof CliError || error instanceof ApiError) throw error;
        if (attempt === DOWNLOAD_TRIES) throw brokeOff(error);
      }
    }
    await rename(draft, target);
  } catch (error) {
    throw isLocal(error) ? cannotBeWritten(target, error) : error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function openResults(api: ApiClient, request: string, signal?: AbortSignal): Promise<Readable> {
  const { body } = await api.getStream(request, signal);
  return body ? Readable.fromWeb(body) : Readable.from([]);
}

/** An error of the file system: it has a path or was made by a write. */
function isLocal(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'errno' in error && !('address' in error) && isOfFile(error);
}

function isOfFile(error: { readonly syscall: unknown }): boolean {
  return ['open', 'write', 'writev', 'rename', 'fsync', 'close', 'ftruncate'].includes(String(error.syscall));
}

function brokeOff(cause: unknown): CliError {
  return new CliError(EXIT.unreachable, 'the results were interrupted: the connection was lost', { cause });
}

async function tryToWrite(out: string): Promise<void> {
  const draft = draftOf(out);
  try {
    await writeFile(draft, '', { mode: 0o600 });
  } catch (error) {
    throw cannotBeWritten(out, error);
  }
  await rm(draft, { force: true });
}

/** Why a file could not be written, as an error for people; its own kind of errors passes. */
export function cannotBeWritten(out: string, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const code = codeOf(error) ?? '';
  const reason =
    code === 'ENOENT' ? `there is no folder ${dirname(out)}` : (REASONS[code] ?? (code || 'it was interrupted'));
  return new CliError(code === 'ENOSPC' ? EXIT.failure : EXIT.usage, `${out} cannot be written: ${reason}`, {
    cause: error,
  });
}

function formatOf(out: string, format: string | undefined): string {
  const found = format ?? (out === '-' ? 'ndjson' : FORMATS[extname(out).toLowerCase()]);
  if (found === undefined) {
    throw new CliError(EXIT.usage, 'name the results .xlsx, .csv, .json or .ndjson, or give --format');
  }
  return found;
}

/** Of this process alone: another one may write the same file, and somebody's own file may be called `.part`. */
export function draftOf(out: string): string {
  return `${out}.${process.pid}.part`;
}
