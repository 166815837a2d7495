import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Written by `ktpflow models pull`; an export of ours brings manifest.json. */
export const RECORD_FILE = 'ktpflow-files.json';

const fileSchema = z.looseObject({ bytes: z.number(), sha256: z.string() });
const recordSchema = z.looseObject({ files: z.record(z.string(), fileSchema) });

export type RecordedFile = z.infer<typeof fileSchema>;

/** The files of a model's folder as they were noted when they were made or fetched, by their paths in it. */
export async function recordedFiles(folder: string): Promise<ReadonlyMap<string, RecordedFile>> {
  const records = await Promise.all(['manifest.json', RECORD_FILE].map((name) => filesOf(join(folder, name))));
  return new Map(records.flat());
}

async function filesOf(path: string): Promise<[string, RecordedFile][]> {
  try {
    return Object.entries(recordSchema.parse(JSON.parse(await readFile(path, 'utf8'))).files);
  } catch {
    return [];
  }
}

/** Bytes of a file; null: it is not there. */
export async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
