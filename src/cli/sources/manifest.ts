import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CliError, EXIT } from '../exit-codes.ts';
import { parseCsv } from './parse-csv.ts';

export interface ManifestRow {
  /** Of a file, absolute; or an http(s) URL. */
  readonly source: string;
  readonly name: string;
  readonly customId: string | null;
  readonly metadata: Record<string, string> | null;
}

const FILE_COLUMNS = ['file', 'path', 'image', 'image_url', 'url'];
const ID_COLUMN = 'custom_id';
const MAX_METADATA = 16;

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * A CSV manifest: a column `file` (or `path`, `image`, `image_url`, `url`) with paths beside the manifest or URLs, a
 * column `custom_id` where there is one; every other column becomes metadata of its item.
 */
export async function readManifest(path: string): Promise<ManifestRow[]> {
  const [header, ...rows] = parseCsv(await readFile(path, 'utf8'));
  const columns = (header ?? []).map((name) => name.trim().toLowerCase());
  const fileColumn = columns.findIndex((name) => FILE_COLUMNS.includes(name));
  const idColumn = columns.indexOf(ID_COLUMN);
  if (fileColumn < 0) {
    throw new CliError(EXIT.usage, `the manifest has no column ${FILE_COLUMNS.slice(0, -1).join(', ')} or url`);
  }
  const others = columns.flatMap((name, column) =>
    column === fileColumn || column === idColumn || name === '' ? [] : [{ name, column }],
  );
  if (others.length > MAX_METADATA) {
    throw new CliError(EXIT.usage, `the manifest has more than ${MAX_METADATA} columns besides file and custom_id`);
  }
  return rows.map((row, index) => {
    const source = (row[fileColumn] ?? '').trim();
    if (source === '') throw new CliError(EXIT.usage, `row ${index + 2} of the manifest names no file`);
    const pairs = others
      .map(({ name, column }) => [name, row[column] ?? ''] as const)
      .filter(([, text]) => text !== '');
    return {
      source: isUrl(source) ? source : resolve(dirname(path), source),
      name: source,
      customId: idColumn < 0 ? null : (row[idColumn] ?? '').trim() || null,
      metadata: pairs.length === 0 ? null : Object.fromEntries(pairs),
    };
  });
}
