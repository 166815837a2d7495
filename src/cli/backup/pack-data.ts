import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { create } from 'tar';
import { type DataPlaces, KEY_FILE, PARTS, type Part } from './data-places.ts';

/** The data of a home as a gzipped tar archive. */
export interface PackedData {
  readonly stream: Readable;
  readonly parts: readonly Part[];
  /** To be called when the stream has ended. */
  clean(): Promise<void>;
}

/**
 * Packs the data from wherever they lie, under their names in a home, with the keys that open them.
 * @param environmentKeys value of ENCRYPTION_KEYS; its keys come first, as the server uses them
 */
export async function packData(places: DataPlaces, environmentKeys: string | undefined): Promise<PackedData> {
  // A folder of links, which tar follows: the parts may lie on several file systems.
  const stage = await mkdtemp(join(places.home, 'backup-'));
  const clean = (): Promise<void> => rm(stage, { recursive: true, force: true });
  try {
    const parts: Part[] = [];
    for (const part of PARTS) {
      if (part === 'keys' && environmentKeys) await writeKeys(stage, places, environmentKeys);
      else if (await exists(places.pathOf(part))) await symlink(places.pathOf(part), join(stage, part));
      else continue;
      parts.push(part);
    }
    const archive = create({ cwd: stage, follow: true, portable: true, gzip: true, strict: true }, parts);
    return { stream: Readable.from(archive, { objectMode: false }), parts, clean };
  } catch (error) {
    await clean();
    throw error;
  }
}

async function writeKeys(stage: string, places: DataPlaces, environmentKeys: string): Promise<void> {
  const older = await readFile(join(places.home, KEY_FILE), 'utf8').catch(() => '');
  const keys = new Set([...environmentKeys.split(','), ...older.split(/[\s,]+/)].map((key) => key.trim()));
  keys.delete('');
  await mkdir(join(stage, dirname(KEY_FILE)), { mode: 0o700 });
  await writeFile(join(stage, KEY_FILE), `${[...keys].join('\n')}\n`, { mode: 0o600 });
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
