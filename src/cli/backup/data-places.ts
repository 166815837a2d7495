import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import { CliError, EXIT } from '../exit-codes.ts';

/** What a data folder holds that is worth keeping; the rest is logs, locks and drafts. */
export const PARTS = [
  'pglite',
  'temporal.db',
  'temporal.db-wal',
  'temporal.db-shm',
  'blobs',
  'keys',
  'admin-key',
] as const;
export type Part = (typeof PARTS)[number];

/** Where the keys lie, inside the home and inside a backup. */
export const KEY_FILE = join('keys', 'encryption-keys');

export interface DataPlaces {
  /** KTPFLOW_HOME, absolute. */
  readonly home: string;
  /** Folder of the images; null: they are in S3. */
  readonly blobs: string | null;
  pathOf(part: Part): string;
}

/**
 * Where the data of the embedded platform lie under this configuration: images may be elsewhere than in the home.
 * @throws CliError where the database is a PostgreSQL server
 */
export function dataPlaces(config: Config): DataPlaces {
  if (config.DATABASE_URL) {
    throw new CliError(
      EXIT.usage,
      'DATABASE_URL is set: back up and restore that database with pg_dump and pg_restore, the images with their folder or bucket, and keep ENCRYPTION_KEYS',
    );
  }
  const home = resolve(config.KTPFLOW_HOME);
  const blobs = blobFolder(config.BLOB_URL, home);
  return { home, blobs, pathOf: (part) => (part === 'blobs' && blobs !== null ? blobs : join(home, part)) };
}

function blobFolder(url: string | undefined, home: string): string | null {
  if (url === undefined) return join(home, 'blobs');
  return url.startsWith('file:') ? fileURLToPath(url) : null;
}
