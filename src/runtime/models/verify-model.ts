import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256Of } from '../assets/verify.ts';

/** Written by `models pull`; an export of ours brings manifest.json. */
export const RECORD_FILE = 'ktpflow-files.json';

const recordSchema = z.looseObject({
  files: z.record(z.string(), z.looseObject({ bytes: z.number(), sha256: z.string() })),
});

export interface FileVerdict {
  readonly path: string;
  readonly verdict: 'ok' | 'missing' | 'wrong size' | 'wrong content';
}

/**
 * Compares the files of a folder with its manifest, or with what was recorded when it was fetched.
 * @returns null: the folder has neither
 */
export async function verifyModel(folder: string, onFile: (path: string) => void): Promise<FileVerdict[] | null> {
  const records = [await readRecord(folder, 'manifest.json'), await readRecord(folder, RECORD_FILE)];
  const files = new Map(records.flatMap((record) => Object.entries(record?.files ?? {})));
  if (files.size === 0) return null;
  const verdicts: FileVerdict[] = [];
  for (const [path, { bytes, sha256 }] of files) {
    onFile(path);
    const size = await stat(join(folder, path)).then(
      (found) => found.size,
      () => null,
    );
    if (size === null) verdicts.push({ path, verdict: 'missing' });
    else if (size !== bytes) verdicts.push({ path, verdict: 'wrong size' });
    else verdicts.push({ path, verdict: (await sha256Of(join(folder, path))) === sha256 ? 'ok' : 'wrong content' });
  }
  return verdicts;
}

async function readRecord(folder: string, name: string): Promise<z.infer<typeof recordSchema> | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
  } catch {
    return null;
  }
}
