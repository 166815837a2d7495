import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** SQLite's own files beside the database. */
const FILES = ['', '-wal', '-shm'];

/**
 * The Temporal server makes the tables of a new database one by one and takes any file that is there for a whole one:
 * a first start that is cut off (Ctrl-C, a kill, a power cut) would leave a home that never starts again. A mark lies
 * beside a database from before it is made until it has been served once.
 */
const markOf = (databasePath: string) => `${databasePath}.unfinished`;

/** Before the server starts: what has never been served is put aside as `….never-served`, and is made anew. */
export function prepareDatabase(databasePath: string): void {
  if (existsSync(markOf(databasePath))) {
    for (const file of FILES) {
      if (existsSync(databasePath + file)) renameSync(databasePath + file, `${databasePath}.never-served${file}`);
    }
  }
  if (existsSync(databasePath)) return;
  try {
    writeFileSync(markOf(databasePath), '', { mode: 0o600 });
  } catch {
    // A full or read-only disk: the server says so itself, in the words that its start is explained by.
  }
}

/** Once the server serves from it, or another one has been put in its place. */
export function keepDatabase(databasePath: string): void {
  rmSync(markOf(databasePath), { force: true });
}
