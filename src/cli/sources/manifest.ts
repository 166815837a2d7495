import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError, EXIT } from '../exit-codes.ts';
import { columnName, FILE_COLUMNS, ID_COLUMNS, isFileColumn, textOf, toldApart } from './list-columns.ts';
import { remarksOnNumbers, remarksOnTwins } from './lost-digits.ts';
import { parseTable, TableError, type TableRow } from './parse-table.ts';

export interface ManifestRow {
  /** Of a file, absolute; or an http(s) URL. */
  readonly source: string;
  readonly name: string;
  readonly customId: string | null;
  readonly metadata: Record<string, string> | null;
}

export interface Manifest {
  readonly rows: readonly ManifestRow[];
  /** Rows that name no file, a sentence each. */
  readonly problems: readonly string[];
  /** What the list's author should know. */
  readonly remarks: readonly string[];
}

/** What the server takes of an item: more would be the refusal of all. */
const MAX_METADATA = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 512;
const MAX_ID_LENGTH = 256;
export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * Reads a list: a column `file` (or `path`, `image`, `image_url`, `url`) with paths beside the list or URLs, a column
 * `custom_id` where there is one; every other column becomes metadata of its item.
 * @param path of the list
 * @throws CliError where it is no such table
 */
export async function readManifest(path: string, text: string): Promise<Manifest> {
  const other = /^\s*(\[\s*[[{"]|\{\s*["}])/.test(text) ? 'JSON' : /^\s*</.test(text) ? 'HTML or XML' : null;
  if (other !== null)
    throw new CliError(EXIT.usage, `${path} is ${other}: a list is CSV or TSV with a line of headers`);
  const [header, ...lines] = rowsOf(path, text);
  const columns = toldApart((header?.cells ?? []).map((name) => textOf(name).trim().toLowerCase()));
  const names = columns.map(columnName);
  const fileColumns = FILE_COLUMNS.map((name) => names.indexOf(name)).filter((column) => column >= 0);
  const [firstFileColumn] = fileColumns;
  const idColumn = names.findIndex((name) => ID_COLUMNS.includes(name));
  if (firstFileColumn === undefined) {
    throw new CliError(EXIT.usage, `${path}: the list has no column file, path, image, url, berkas or foto`);
  }
  const others = columns.flatMap((name, column) =>
    column === firstFileColumn || column === idColumn || name === '' ? [] : [{ name, column }],
  );
  if (others.length > MAX_METADATA) {
    throw new CliError(EXIT.usage, `${path}: more than ${MAX_METADATA} columns besides file and custom_id`);
  }
  const longName = others.find(({ name }) => name.length > MAX_KEY_LENGTH);
  if (longName) throw new CliError(EXIT.usage, `${path}: a column's name has more than ${MAX_KEY_LENGTH} characters`);
  const rows: ManifestRow[] = [];
  const problems: string[] = [];
  for (const { line, cells } of lines) {
    const cell = (column: number): string => textOf(cells[column] ?? '');
    const fileColumn = fileColumns.find((column) => withoutQuotes(cell(column)) !== '') ?? firstFileColumn;
    const named = withoutQuotes(cell(fileColumn));
    if (named === '') {
      problems.push(`line ${line} of the list names no file`);
      continue;
    }
    const tooLong = longCell(cell, idColumn, others);
    if (tooLong !== null) {
      problems.push(`line ${line} of the list: ${tooLong}`);
      continue;
    }
    const pairs = others
      .filter(({ column }) => column !== fileColumn)
      .map(({ name, column }) => [name, cell(column)] as const)
      .filter(([, text]) => text !== '');
    rows.push({
      ...(isUrl(named) ? { source: named, name: named } : await fileOf(dirname(path), named)),
      customId: (idColumn < 0 ? '' : cell(idColumn)) || null,
      metadata: pairs.length === 0 ? null : Object.fromEntries(pairs),
    });
  }
  const onNumbers = remarksOnNumbers(rows);
  return { rows, problems, remarks: onNumbers.length > 0 ? onNumbers : remarksOnTwins(rows) };
}

function rowsOf(path: string, text: string): TableRow[] {
  try {
    return parseTable(text, isFileColumn);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new CliError(EXIT.usage, `${path}: ${error.message}`, { cause: error });
  }
}

/** Which cell of a row the server would not take; null: none. */
function longCell(
  cell: (column: number) => string,
  idColumn: number,
  others: readonly { name: string; column: number }[],
): string | null {
  if (idColumn >= 0 && cell(idColumn).length > MAX_ID_LENGTH) return `custom_id exceeds ${MAX_ID_LENGTH} characters`;
  const long = others.find(({ column }) => cell(column).length > MAX_VALUE_LENGTH);
  return long ? `${long.name} exceeds ${MAX_VALUE_LENGTH} characters` : null;
}

/** Windows copies a path with quotation marks around it, and a word processor bends them. */
function withoutQuotes(cell: string): string {
  return cell.replace(/^["“”](.*)["“”]$/s, '$1').trim();
}

/**
 * The file that a cell means: also with the separators of Windows, with accents or capitals written in the other way, or
 * by its path on the machine where the list was made: as much of its end as is found beside the list.
 */
async function fileOf(folder: string, cell: string): Promise<{ source: string; name: string }> {
  if (/^file:\/\//i.test(cell)) return { source: pathOf(cell), name: cell };
  const slashed = cell.replaceAll('\\', '/');
  for (const name of [cell, slashed, slashed.normalize('NFC'), slashed.normalize('NFD')]) {
    const source = resolve(folder, name);
    if (await isThere(source)) return { source, name: slashed };
  }
  for (const name of [slashed, ...endsOf(slashed)]) {
    const found = await inAnyCase(folder, name);
    if (found !== null) return { source: resolve(folder, found), name: found };
  }
  return { source: resolve(folder, slashed), name: cell };
}

/** Of `D:/scans/new/1.jpg` or `//server/scans/new/1.jpg`: what may lie here of it, the longest first. */
function endsOf(path: string): string[] {
  if (!/^([a-z]:\/|\/\/)/i.test(path)) return [];
  const segments = path
    .split('/')
    .slice(1)
    .filter((segment) => segment !== '');
  return segments.map((_, at) => segments.slice(at).join('/'));
}

/** The path as its folders write it, where capitals and accents are all that differs; null: it is not there, or twice. */
async function inAnyCase(folder: string, path: string): Promise<string | null> {
  if (path.startsWith('/')) return null;
  let inside = '';
  for (const segment of path.split('/')) {
    const there = segment === '.' || segment === '..' ? [segment] : await namesLike(resolve(folder, inside), segment);
    const [name] = there;
    if (name === undefined || there.length > 1) return null;
    inside = inside === '' ? name : `${inside}/${name}`;
  }
  return inside;
}

async function namesLike(folder: string, name: string): Promise<string[]> {
  const plain = (text: string) => text.normalize('NFC').toLowerCase();
  const names = await readdir(folder).catch((): string[] => []);
  return names.includes(name) ? [name] : names.filter((each) => plain(each) === plain(name));
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    // Then it is a file that is not there.
    return url;
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
