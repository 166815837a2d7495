import { constants, createWriteStream } from 'node:fs';
import { access, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../api-client.ts';
import { CliError, EXIT } from '../exit-codes.ts';

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
    if (force) throw new CliError(EXIT.usage, '--force does nothing with --out -');
    return;
  }
  const existing = await stat(out).catch(() => undefined);
  if (existing?.isDirectory()) throw new CliError(EXIT.usage, `--out ${out} is a folder: name a file in it`);
  if (existing && !force) throw new CliError(EXIT.usage, `${out} is there already; --force replaces it`);
  if (existing) {
    await access(out, constants.W_OK).catch((error: unknown) => {
      throw cannotBeWritten(out, error);
    });
  }
  await tryToWrite(out);
}

/** Absolute paths of what this program writes: none of them is a card, should they lie among the cards. */
export function ownFiles(out: string | undefined): ReadonlySet<string> {
  return new Set(out === undefined || out === '-' ? [] : [resolve(out), resolve(draftOf(out))]);
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
  const { body } = await api.send('GET', `${path}/results?${query}`);
  const results = body ? Readable.fromWeb(body) : Readable.from([]);
  if (out === '-') {
    await pipeline(results, process.stdout, { end: false });
    return;
  }
  const draft = draftOf(out);
  try {
    await pipeline(results, createWriteStream(draft, { mode: 0o600, flush: true }));
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { force: true });
    throw cannotBeWritten(out, error);
  }
}

async function tryToWrite(out: string): Promise<void> {
  const draft = draftOf(out);
  try {
    const file = await open(draft, 'w', 0o600);
    await file.close();
  } catch (error) {
    throw cannotBeWritten(out, error);
  }
  await rm(draft, { force: true });
}

/** Why a file could not be written, as an error for people; its own kind of errors passes. */
export function cannotBeWritten(out: string, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = code === 'ENOENT' ? `there is no folder ${dirname(out)}` : (REASONS[code] ?? (code || 'it broke off'));
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

function draftOf(out: string): string {
  return `${out}.part`;
}
