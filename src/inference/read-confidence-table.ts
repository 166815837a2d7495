import { readFileSync } from 'node:fs';
import { ConfigError } from '../config.ts';
import { type ConfidenceTable, confidenceTableSchema } from '../ktp/confidence-table.ts';

/**
 * The table in the file that CONFIDENCE_TABLE names; undefined where it names none.
 * @throws ConfigError for a file that cannot be read, or holds something else
 */
export function readConfidenceTable(path: string | undefined): ConfidenceTable | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError(`CONFIDENCE_TABLE: the file cannot be read (${code})`);
  }
  try {
    return confidenceTableSchema.parse(JSON.parse(text));
  } catch {
    throw new ConfigError('CONFIDENCE_TABLE: the file is no table of `ktpflow reviews calibrate --write`');
  }
}
